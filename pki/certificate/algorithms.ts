/** The key and signature algorithms certificates may use, each key type bound to the one hash its profile allows. */
import type { KeyObject } from 'node:crypto'

import type { SignatureAlgorithm } from '#base'

import { PkiError } from '../errors.ts'

/**
 * What a certificate's key or signature uses. RSA is read, so that other people's chains can be judged, and never
 * among the algorithms a path may use unless the caller says so.
 */
export type CertificateAlgorithm = SignatureAlgorithm | 'rsa-sha256'

interface AlgorithmFacts {
  /** Of the AlgorithmIdentifier of a signature. */
  readonly signatureOid: string
  /** Of the SubjectPublicKeyInfo; `curveOid` is its parameters where the key type has curves. */
  readonly keyOid: string
  readonly curveOid?: string
  /** The name node:crypto takes; none where the algorithm hashes by itself. */
  readonly digest: 'sha256' | 'sha512' | null
  /** Bytes of each half of a raw ECDSA signature, or of the whole where it is not made of halves. */
  readonly signatureBytes: number
}

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'

export const ALGORITHM: Readonly<Record<CertificateAlgorithm, AlgorithmFacts>> = {
  'ecdsa-p256-sha256': {
    signatureOid: '1.2.840.10045.4.3.2',
    keyOid: EC_PUBLIC_KEY,
    curveOid: '1.2.840.10045.3.1.7',
    digest: 'sha256',
    signatureBytes: 64,
  },
  'ecdsa-p521-sha512': {
    signatureOid: '1.2.840.10045.4.3.4',
    keyOid: EC_PUBLIC_KEY,
    curveOid: '1.3.132.0.35',
    digest: 'sha512',
    signatureBytes: 132,
  },
  ed448: { signatureOid: '1.3.101.113', keyOid: '1.3.101.113', digest: null, signatureBytes: 114 },
  'rsa-sha256': {
    signatureOid: '1.2.840.113549.1.1.11',
    keyOid: '1.2.840.113549.1.1.1',
    digest: 'sha256',
    signatureBytes: 0,
  },
}

/** The algorithms of ISO 15118: what a path may use unless its caller narrows or widens it. */
export const ISO15118_ALGORITHMS: readonly CertificateAlgorithm[] = [
  'ecdsa-p256-sha256',
  'ecdsa-p521-sha512',
  'ed448',
]

const NAMES = Object.keys(ALGORITHM).filter((name): name is CertificateAlgorithm => name in ALGORITHM)

/** The algorithm of a signature, `undefined` when it is none of ours. */
export function algorithmOfSignature(oid: string): CertificateAlgorithm | undefined {
  return NAMES.find((name) => ALGORITHM[name].signatureOid === oid)
}

/** The algorithm of a public key; `curveOid` is `undefined` when the key has no named curve. */
export function algorithmOfPublicKey(
  keyOid: string,
  curveOid: string | undefined,
): CertificateAlgorithm | undefined {
  return NAMES.find((name) => ALGORITHM[name].keyOid === keyOid && ALGORITHM[name].curveOid === curveOid)
}

/**
 * The algorithm a private or public key signs with.
 *
 * @throws {PkiError} ERR_PKI_KEY_ALGORITHM when ISO 15118 has no use for such a key
 */
export function algorithmOfKey(key: KeyObject): SignatureAlgorithm {
  if (key.asymmetricKeyType === 'ed448') return 'ed448'
  const curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined
  if (curve === 'prime256v1') return 'ecdsa-p256-sha256'
  if (curve === 'secp521r1') return 'ecdsa-p521-sha512'
  throw new PkiError(
    'ERR_PKI_KEY_ALGORITHM',
    `key of type ${curve ?? key.asymmetricKeyType}: P-256, P-521 or Ed448 needed`,
  )
}
