import type { Certificate } from '#pki'

/** One entry of a vehicle's ListOfRootCertificateIDs. */
export interface IssuerAndSerial {
  readonly X509IssuerName: string
  readonly X509SerialNumber: bigint
}

/** The roots that the vehicle lists, in the order of `roots`. */
export function listedAmong(
  roots: readonly Certificate[],
  list: readonly IssuerAndSerial[],
): readonly Certificate[] {
  return roots.filter((root) => list.some((entry) => names(entry, root)))
}

/**
 * The serial number decides; of the name, vehicles write the attributes in any order and leave some out, so that every
 * attribute written must be one of the root's.
 */
function names({ X509IssuerName, X509SerialNumber }: IssuerAndSerial, root: Certificate): boolean {
  if (BigInt(`0x${root.serialNumberHex}`) !== X509SerialNumber) return false
  const own = new Set(root.issuer.attributes.map(({ type, value }) => `${type}=${value}`.toLowerCase()))
  return attributesOf(X509IssuerName).every((attribute) => own.has(attribute))
}

function attributesOf(name: string): readonly string[] {
  return name
    .split(',')
    .map((part) =>
      part
        .trim()
        .replace(/\s*=\s*/, '=')
        .toLowerCase(),
    )
    .filter((part) => part !== '')
}
