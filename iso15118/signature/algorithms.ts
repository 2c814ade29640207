/** The algorithm identifiers of XML signatures in ISO 15118 (V2G2-764 to V2G2-771, V2G20-1000). */
import type { SignatureAlgorithm } from '#base'

/** Both the canonicalization of SignedInfo and the one transform of every reference. */
export const CANONICAL_EXI = 'http://www.w3.org/TR/canonical-exi/'

/** The standard whose messages are signed; names the schema set of their elements. */
export type SignedSchema = 'iso2' | 'iso20'

export interface SignatureSuite {
  readonly signatureMethod: string
  readonly digestMethod: string
  readonly hash: 'sha256' | 'sha512'
}

/** Ed448 of -20 is missing: no public source gives the URI of its SHAKE256 digest beyond doubt. */
const SUITES: Readonly<Record<SignedSchema, Readonly<Partial<Record<SignatureAlgorithm, SignatureSuite>>>>> =
  {
    iso2: {
      'ecdsa-p256-sha256': {
        signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256',
        digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha256',
        hash: 'sha256',
      },
    },
    iso20: {
      'ecdsa-p521-sha512': {
        signatureMethod: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512',
        digestMethod: 'http://www.w3.org/2001/04/xmlenc#sha512',
        hash: 'sha512',
      },
    },
  }

/** What a key of that algorithm signs such messages with; `undefined` when the standard does not let it. */
export function suiteOf(schema: SignedSchema, algorithm: SignatureAlgorithm): SignatureSuite | undefined {
  return SUITES[schema][algorithm]
}
