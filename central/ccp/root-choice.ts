import { hexFromBytes } from '#base'
import type { ListOfRootCertificateIDsType, X509IssuerSerialType } from '#iso15118'
import type { Certificate } from '#pki'

/** Those of `roots` that a vehicle lists, in the order of its list. */
export function listedRoots(
  list: ListOfRootCertificateIDsType,
  roots: readonly Certificate[],
): readonly Certificate[] {
  return list.RootCertificateID.flatMap((id) => roots.filter((root) => isNamedBy(root, id)))
}

/**
 * Whether a vehicle means this root. The serial number decides; then every attribute the vehicle gives must be in the
 * root's name. Vehicles write names in any order and leave parts out, some give the CN only.
 */
function isNamedBy(root: Certificate, { X509IssuerName, X509SerialNumber }: X509IssuerSerialType): boolean {
  if (serialHex(X509SerialNumber) !== root.serialNumberHex) return false
  const held = new Set(root.subject.attributes.map(({ type, value }) => comparable(type, value)))
  return attributesOf(X509IssuerName).every((attribute) => held.has(attribute))
}

function serialHex(serial: bigint): string {
  const hex = serial.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

/** The attributes of a name written as in RFC 4514, `\,` being a comma of a value. */
function attributesOf(name: string): readonly string[] {
  return name.split(/(?<!\\)[,+]/).map((part) => {
    const [type = '', ...value] = part.split('=')
    return comparable(type, value.join('=').replace(/\\(.)/g, '$1'))
  })
}

function comparable(type: string, value: string): string {
  return `${type.trim().toUpperCase()}=${value.trim().toLowerCase()}`
}

/** Lower-case hex of the subject key identifier; empty without one. */
export function keyIdOf({ subjectKeyIdentifier }: Certificate): string {
  return subjectKeyIdentifier === undefined ? '' : hexFromBytes(subjectKeyIdentifier)
}
