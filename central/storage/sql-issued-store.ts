import { sql, type NotNull } from 'kysely'

import { REVOCATION_REASONS, type RevocationReason } from '#pki'

import type {
  CrlIssuer,
  IssuedCertificate,
  IssuedName,
  IssuedStore,
  KeptCrl,
  Revocation,
  SerialReservation,
} from '../est/issued-store.ts'
import type { Database } from './database.ts'
import type { IssuedCertificateRow } from './tables.ts'

export class SqlIssuedStore implements IssuedStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async reserve(reservation: SerialReservation): Promise<'reserved' | 'taken'> {
    const { numInsertedOrUpdatedRows } = await this.#database
      .insertInto('issued_certificate')
      .values({
        issuer_key_sha256: reservation.issuerKeySha256,
        serial_number: reservation.serialNumberHex,
        common_name: reservation.commonName,
        requester: reservation.requester,
        issued_at_ms: reservation.issuedAtMs,
        valid_to_ms: reservation.validToMs,
        certificate: null,
        revoked_at_ms: null,
        revocation_reason: null,
      })
      .onConflict((conflict) => conflict.columns(['issuer_key_sha256', 'serial_number']).doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 1n ? 'reserved' : 'taken'
  }

  async complete(name: IssuedName, certificate: Uint8Array): Promise<void> {
    const { numUpdatedRows } = await this.#database
      .updateTable('issued_certificate')
      .set({ certificate })
      .where('issuer_key_sha256', '=', name.issuerKeySha256)
      .where('serial_number', '=', name.serialNumberHex)
      .where('certificate', 'is', null)
      .executeTakeFirstOrThrow()
    if (numUpdatedRows !== 1n) throw new TypeError('a certificate without a reserved serial number')
  }

  async find(name: IssuedName): Promise<IssuedCertificate | undefined> {
    const row = await this.#database
      .selectFrom('issued_certificate')
      .selectAll()
      .where('issuer_key_sha256', '=', name.issuerKeySha256)
      .where('serial_number', '=', name.serialNumberHex)
      .executeTakeFirst()
    return row && issuedOf(row)
  }

  async revoke(name: IssuedName, { revokedAtMs, reason }: Revocation): Promise<'revoked' | 'unknown'> {
    await this.#database
      .updateTable('issued_certificate')
      .set({ revoked_at_ms: revokedAtMs, revocation_reason: reason })
      .where('issuer_key_sha256', '=', name.issuerKeySha256)
      .where('serial_number', '=', name.serialNumberHex)
      .where('certificate', 'is not', null)
      .where('revoked_at_ms', 'is', null)
      .execute()
    return (await this.find(name)) === undefined ? 'unknown' : 'revoked'
  }

  async listRevoked(
    issuerKeySha256: string,
    atMs: number,
  ): Promise<readonly (Revocation & { serialNumberHex: string })[]> {
    const rows = await this.#database
      .selectFrom('issued_certificate')
      .selectAll()
      .where('issuer_key_sha256', '=', issuerKeySha256)
      .where('revoked_at_ms', 'is not', null)
      .where('valid_to_ms', '>=', atMs)
      .orderBy('serial_number')
      .execute()
    return rows.flatMap((row) => {
      const revocation = revocationOf(row)
      return revocation === undefined ? [] : [{ ...revocation, serialNumberHex: row.serial_number }]
    })
  }

  async countRevoked(issuerKeySha256: string): Promise<number> {
    const { count } = await this.#database
      .selectFrom('issued_certificate')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('issuer_key_sha256', '=', issuerKeySha256)
      .where('revoked_at_ms', 'is not', null)
      .executeTakeFirstOrThrow()
    return count
  }

  async nextCrlNumber(issuerKeySha256: string): Promise<bigint> {
    const { last_number: number } = await this.#database
      .insertInto('crl_number')
      .values({ issuer_key_sha256: issuerKeySha256, last_number: 1 })
      .onConflict((conflict) =>
        conflict.column('issuer_key_sha256').doUpdateSet({ last_number: sql`crl_number.last_number + 1` }),
      )
      .returning('last_number')
      .executeTakeFirstOrThrow()
    return BigInt(number)
  }

  async keepCrl({ issuerKeySha256, caCertificateSha256 }: CrlIssuer, crl: KeptCrl): Promise<void> {
    const number = Number(crl.number)
    await this.#database
      .updateTable('crl_number')
      .set({
        crl: crl.der,
        signed_number: number,
        ca_certificate_sha256: caCertificateSha256,
        signed_at_ms: crl.signedAtMs,
        next_update_ms: crl.nextUpdateMs,
        revocations: crl.revocations,
      })
      .where('issuer_key_sha256', '=', issuerKeySha256)
      .where((row) => row.or([row('signed_number', 'is', null), row('signed_number', '<', number)]))
      .execute()
  }

  async lastCrl({ issuerKeySha256, caCertificateSha256 }: CrlIssuer): Promise<KeptCrl | undefined> {
    const row = await this.#database
      .selectFrom('crl_number')
      .select(['crl', 'signed_number', 'signed_at_ms', 'next_update_ms', 'revocations'])
      .where('issuer_key_sha256', '=', issuerKeySha256)
      .where('ca_certificate_sha256', '=', caCertificateSha256)
      .$narrowType<{
        crl: NotNull
        signed_number: NotNull
        signed_at_ms: NotNull
        next_update_ms: NotNull
        revocations: NotNull
      }>()
      .executeTakeFirst()
    return (
      row && {
        der: row.crl,
        number: BigInt(row.signed_number),
        signedAtMs: row.signed_at_ms,
        nextUpdateMs: row.next_update_ms,
        revocations: row.revocations,
      }
    )
  }
}

function issuedOf(row: IssuedCertificateRow): IssuedCertificate | undefined {
  if (row.certificate === null) return undefined
  return {
    issuerKeySha256: row.issuer_key_sha256,
    serialNumberHex: row.serial_number,
    commonName: row.common_name,
    requester: row.requester,
    issuedAtMs: row.issued_at_ms,
    validToMs: row.valid_to_ms,
    certificate: row.certificate,
    revocation: revocationOf(row),
  }
}

function revocationOf(row: IssuedCertificateRow): Revocation | undefined {
  if (row.revoked_at_ms === null) return undefined
  return { revokedAtMs: row.revoked_at_ms, reason: reasonOf(row.revocation_reason) }
}

function reasonOf(text: string | null): RevocationReason {
  const reason = REVOCATION_REASONS.find((known) => known === text)
  if (reason === undefined) throw new TypeError(`unknown revocation reason ${text}`)
  return reason
}
