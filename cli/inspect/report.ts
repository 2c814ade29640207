import { type InputForm } from '../input.ts'

/**
 * Everything `evouch inspect` found out: the value printed by `--json`, whose member names are kept stable and are
 * explained in docs/inspect.md. Bytes are lower-case hex, times RFC 3339 in UTC.
 */
export interface Report {
  /** Whether all that could be checked holds; `code` and `reason` are those of the first check that does not. */
  readonly valid: boolean
  readonly code?: string
  readonly reason?: string
  readonly input: {
    readonly form: InputForm
    readonly kind: 'document' | 'fragment'
    readonly bytes: number
    /** Bytes after the end of the EXI stream: some encoders append a 00. */
    readonly trailingBytes: number
  }
  /** Namespace and local name of the message, or of a fragment's element. */
  readonly namespace: string
  readonly message: string
  readonly sessionId?: string
  readonly responseCode?: string
  readonly pcid?: string
  readonly emaid?: string
  /** The V2G roots a vehicle says it holds. */
  readonly rootCertificateIds?: readonly RootCertificateId[]
  readonly certificates: readonly CertificateReport[]
  readonly signature?: SignatureReport
  /** One verdict for each chain; only with `--roots`. */
  readonly chains?: readonly ChainReport[]
  /** SHA-256 of a fragment: what a signature's DigestValue for this element holds. */
  readonly digestSha256?: string
  /** Every simple value of the body under its path. */
  readonly fields: Readonly<Record<string, string>>
}

export interface RootCertificateId {
  readonly issuerName: string
  readonly serialNumberHex: string
}

/** What a certificate is in its message. */
export type CertificateRole = 'oem-provisioning' | 'contract' | 'contract-sub-ca' | 'cps' | 'cps-sub-ca'

export interface CertificateReport {
  readonly role: CertificateRole
  /** Path in the body. */
  readonly path: string
  readonly bytes: number
  /** Instead of the members below when the bytes are no certificate. */
  readonly code?: string
  readonly reason?: string
  readonly subject?: string
  readonly issuer?: string
  readonly serialNumberHex?: string
  readonly validFrom?: string
  readonly validTo?: string
  /** At the time of the inspection. For information: only a chain is judged by its dates. */
  readonly validity?: 'valid' | 'expired' | 'not-yet-valid'
  readonly publicKeyAlgorithm?: string
  readonly fingerprintSha256?: string
}

export interface SignatureReport {
  /** Absent when the signer's certificate is not in the message, so that only the digests could be checked. */
  readonly valid?: boolean
  readonly code?: string
  readonly reason?: string
  readonly signer?: {
    readonly role: CertificateRole
    readonly subject: string
    readonly fingerprintSha256: string
  }
  readonly digests: readonly { readonly uri: string; readonly element?: string; readonly valid: boolean }[]
}

export interface ChainReport {
  readonly role: 'oem-provisioning' | 'contract' | 'cps'
  readonly valid: boolean
  readonly code?: string
  readonly reason?: string
  /** Subjects, leaf first and root last; only of a valid chain. */
  readonly path?: readonly string[]
}
