import type { Certificate } from './certificate.ts'

/** One entry of a vehicle's ListOfRootCertificateIDs: X509IssuerSerialType of XML signatures. */
export interface IssuerAndSerial {
  readonly X509IssuerName: string
  readonly X509SerialNumber: bigint
}

/** Those of `roots` that a vehicle lists, each once, in the order of its list, which is that of its preference. */
export function listedRoots(
  list: readonly IssuerAndSerial[],
  roots: readonly Certificate[],
): readonly Certificate[] {
  return [...new Set(list.flatMap((entry) => roots.filter((root) => isNamedBy(root, entry))))]
}

/**
 * The serial number decides; then every attribute that the vehicle gives must be in the root's name. Vehicles write
 * names in any order and leave parts out, some give the common name only (opcp-digest §6.6).
 */
function isNamedBy(root: Certificate, { X509IssuerName, X509SerialNumber }: IssuerAndSerial): boolean {
  if (BigInt(`0x${root.serialNumberHex}`) !== X509SerialNumber) return false
  const own = new Set(root.issuer.attributes.map(({ type, value }) => comparable(type, value)))
  return attributesOf(X509IssuerName).every((attribute) => own.has(attribute))
}

/** The attributes of a name written as in RFC 4514, `\,` being a comma of a value; some stacks send Python's `<Name(…)>`. */
function attributesOf(name: string): readonly string[] {
  return name
    .replace(/^<Name\((.*)\)>$/, '$1')
    .split(/(?<!\\)[,+]/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [type = '', ...value] = part.split('=')
      return comparable(type, value.join('=').replaceAll(/\\(.)/g, '$1'))
    })
}

function comparable(type: string, value: string): string {
  return `${type.trim()}=${value.trim()}`.toLowerCase()
}
