import assert from 'node:assert/strict'

import { codeOf, hexFromBytes, messageOf, type Clock, type RandomBytes } from '#base'
import {
  CertificateAuthority,
  randomSerialNumber,
  type Certificate,
  type CertificateOrder,
  type CertificateRequest,
} from '#pki'

import { auditEntry, SYSTEM } from '../audit/audit-record.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage } from '../storage-port.ts'
import type { OperatorCa } from './operator-ca.ts'

/** Certificates begin a little in the past: the clocks of stations are not exact. */
const BACKDATE_MS = 3_600_000
/** Two equal numbers of 126 random bits are a broken source of randomness, not bad luck. */
const SERIAL_ATTEMPTS_MAX = 3

export interface IssuanceOrder {
  readonly ca: OperatorCa
  readonly request: CertificateRequest
  /** The CN, once it has been judged. */
  readonly commonName: string
  /** For the records: who asked. */
  readonly requester: string
}

/** A certificate to be issued by an operator CA, whoever asked for it and how. */
export interface RecordedOrder extends Omit<CertificateOrder, 'serialNumber'> {
  readonly ca: OperatorCa
  /** For the records: who asked. */
  readonly requester: string
}

/** Issues under the operator CAs, such that no certificate exists that the database does not know. */
export class Issuance {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #random: RandomBytes

  constructor({ storage, clock, random }: { storage: Storage; clock: Clock; random: RandomBytes }) {
    this.#storage = storage
    this.#clock = clock
    this.#random = random
  }

  /**
   * Issues what a CSR asks for.
   *
   * @throws {PoolError} ERR_EST_REQUEST when the request has no organization or would make a certificate against its
   * profile, ERR_POOL_NOT_CONFIGURED when the CA has expired
   */
  async issue({ ca, request, commonName, requester }: IssuanceOrder): Promise<Certificate> {
    const issuedAtMs = this.#clock()
    const notAfterMs = Math.min(issuedAtMs + ca.validityMs, ca.certificate.validToMs)
    if (notAfterMs <= issuedAtMs) throw new PoolError('ERR_POOL_NOT_CONFIGURED', 'The CA has expired.')
    const order: RecordedOrder = {
      ca,
      requester,
      profile: ca.profile,
      subject: certificateSubjectOf(request, commonName),
      publicKey: request.publicKey,
      notBeforeMs: Math.max(issuedAtMs - BACKDATE_MS, ca.certificate.validFromMs),
      notAfterMs,
    }
    try {
      return await this.record(order)
    } catch (error) {
      // Long names alone can exceed what vehicles have room for.
      if (codeOf(error) !== 'ERR_PKI_LINT') throw error
      throw new PoolError('ERR_EST_REQUEST', `The request is refused: ${messageOf(error)}.`, { cause: error })
    }
  }

  /**
   * Issues a certificate and keeps it before it is given out. The serial number is taken in the database first, so that
   * a process that dies in between leaves a number unused, and never a certificate that cannot be revoked.
   */
  async record({ ca, requester, ...order }: RecordedOrder): Promise<Certificate> {
    const { certificate, signer, revocation } = ca
    const entry = { commonName: order.subject.commonName, requester, validToMs: order.notAfterMs }
    const name = await this.#reserve(ca, { ...entry, issuedAtMs: this.#clock() })
    const authority = new CertificateAuthority({ certificate, signer, random: this.#random, revocation })
    const issued = await authority.issue({ ...order, serialNumber: name.serialNumber })
    const issuedName = { issuerKeySha256: ca.keySha256, serialNumberHex: name.hex }
    const what = {
      action: 'certificate.issue',
      by: { ...SYSTEM, clientId: requester },
      object: { type: 'certificate', id: issued.fingerprintSha256Hex },
      after: issued.der,
    } as const
    const ports = { clock: this.#clock, random: this.#random }
    await this.#storage.transaction(async (unit) => {
      await unit.issued.complete(issuedName, issued.der)
      await unit.audit.append(auditEntry(what, ports))
    })
    return issued
  }

  async #reserve(
    { keySha256 }: OperatorCa,
    entry: { commonName: string; requester: string; issuedAtMs: number; validToMs: number },
  ): Promise<{ serialNumber: Uint8Array; hex: string }> {
    for (let attempt = 0; attempt < SERIAL_ATTEMPTS_MAX; attempt++) {
      const serialNumber = randomSerialNumber(this.#random)
      const hex = hexFromBytes(serialNumber)
      const result = await this.#storage.stores.issued.reserve({
        ...entry,
        issuerKeySha256: keySha256,
        serialNumberHex: hex,
      })
      if (result === 'reserved') return { serialNumber, hex }
    }
    assert.fail('the source of randomness repeats itself')
  }
}

/**
 * The subject that a request gets: its C and O, and the CN once that was judged; DC and everything else the profile says.
 *
 * @throws {PoolError} ERR_EST_REQUEST when it has not one organization
 */
export function certificateSubjectOf(
  { subject }: CertificateRequest,
  commonName: string,
): { commonName: string; organizationName: string; countryName?: string } {
  const [organizationName, ...others] = subject.values('O')
  if (organizationName === undefined || others.length > 0 || !/^.{1,64}$/su.test(organizationName))
    throw new PoolError('ERR_EST_REQUEST', 'The request needs one organization (O) of 1 to 64 characters.')
  const countryName = subject.values('C').find((country) => /^[A-Z]{2}$/.test(country))
  return { commonName, organizationName, ...(countryName !== undefined && { countryName }) }
}
