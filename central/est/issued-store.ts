import type { RevocationReason } from '#pki'

/** Names a certificate: SHA-256 of the issuer's SubjectPublicKeyInfo, and the serial number; both lower-case hex. */
export interface IssuedName {
  readonly issuerKeySha256: string
  /** Without a leading zero byte. */
  readonly serialNumberHex: string
}

/** Who asked for a contract that the CPS made. No client has an empty id. */
export const PROVISIONING_REQUESTER = ''

/** A serial number that was given out, before anything is signed with it. */
export interface SerialReservation extends IssuedName {
  readonly commonName: string
  /** The client id, of a renewal that of the client which enrolled first; or {@link PROVISIONING_REQUESTER}. */
  readonly requester: string
  readonly issuedAtMs: number
  readonly validToMs: number
}

export interface Revocation {
  readonly revokedAtMs: number
  readonly reason: RevocationReason
}

/** A certificate that was issued, and whether it still counts. */
export interface IssuedCertificate extends SerialReservation {
  readonly certificate: Uint8Array
  readonly revocation: Revocation | undefined
}

/** Names a CA by its certificate too: CAs of one key share their numbers, but may differ in their names. */
export interface CrlIssuer {
  readonly issuerKeySha256: string
  readonly caCertificateSha256: string
}

/** A CRL that one of the CAs signed. */
export interface KeptCrl {
  readonly der: Uint8Array
  readonly number: bigint
  /** Its thisUpdate. */
  readonly signedAtMs: number
  readonly nextUpdateMs: number
  /** How many had ever been revoked before its entries were read. */
  readonly revocations: number
}

/** What the CAs have issued. What a call promises is durable when it resolves. */
export interface IssuedStore {
  /** `taken`: some certificate of this issuer has the number, or may have it. */
  reserve(reservation: SerialReservation): Promise<'reserved' | 'taken'>
  /** Keeps the certificate of a reserved number. */
  complete(name: IssuedName, certificate: Uint8Array): Promise<void>
  /** Numbers without a certificate are unknown. */
  find(name: IssuedName): Promise<IssuedCertificate | undefined>
  /** The first revocation counts: a certificate that is revoked already keeps its time and reason. */
  revoke(name: IssuedName, revocation: Revocation): Promise<'revoked' | 'unknown'>
  /** Revoked and not yet expired at `atMs`, in the order of their serial numbers. */
  listRevoked(
    issuerKeySha256: string,
    atMs: number,
  ): Promise<readonly (Revocation & { readonly serialNumberHex: string })[]>
  /** How many have ever been revoked: another number than before means that a new CRL is due. */
  countRevoked(issuerKeySha256: string): Promise<number>
  /** Higher than every number it gave before. */
  nextCrlNumber(issuerKeySha256: string): Promise<bigint>
  /** Keeps a CRL with a number of {@link nextCrlNumber} in place of the one before, but of no higher number. */
  keepCrl(issuer: CrlIssuer, crl: KeptCrl): Promise<void>
  /** The kept one, whichever process made it. */
  lastCrl(issuer: CrlIssuer): Promise<KeptCrl | undefined>
}
