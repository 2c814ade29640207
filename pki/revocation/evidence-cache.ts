import { hash } from 'node:crypto'

import type { Certificate } from '../certificate/certificate.ts'
import { parseCrl } from './certificate-revocation-list.ts'
import { CrlEvidence } from './crl-evidence.ts'
import { crlAddressesOf } from './distribution-point.ts'
import type { EvidenceStore } from './evidence-folder.ts'
import { OcspEvidence } from './ocsp-evidence.ts'
import { parseOcspResponse } from './ocsp-response.ts'
import type { FetchedEvidence } from './revocation-fetcher.ts'
import type { LastingEvidence, RevocationStatus } from './revocation-status.ts'

/** Of evidence kept parsed beside the store: four of the largest CRLs. */
const MEMORY_BYTES_MAX = 64 * 1024 * 1024

type ProvenStatus = Exclude<RevocationStatus, { status: 'unknown' }>

interface Question {
  readonly certificate: Certificate
  readonly issuer: Certificate
  readonly atMs: number
}

/** What the cache knows: an answer that may be used at the time asked for, or the last one that could be used before. */
export interface CachedStatus {
  readonly status: ProvenStatus
  readonly age: 'current' | 'outdated'
}

interface Held {
  readonly evidence: LastingEvidence
  readonly bytes: number
}

/**
 * Evidence by certificate (OCSP) and by address (CRLs), in a store and parsed in memory. Whatever comes out was
 * verified for the question asked: the store is not trusted.
 */
export class EvidenceCache {
  readonly #store: EvidenceStore
  readonly #memoryBytesMax: number
  /** Least recently used first. */
  readonly #held = new Map<string, Held>()
  #bytes = 0

  constructor({
    store,
    memoryBytesMax = MEMORY_BYTES_MAX,
  }: {
    readonly store: EvidenceStore
    readonly memoryBytesMax?: number
  }) {
    this.#store = store
    this.#memoryBytesMax = memoryBytesMax
  }

  /** The newest answer that may be used or says revoked, else the newest outdated one. Never rejects for what the store holds. */
  async find(question: Question): Promise<CachedStatus | undefined> {
    let best: CachedStatus | undefined
    for (const name of namesFor(question)) {
      const held = await this.#get(name)
      const found = held && judge(held, question)
      if (found !== undefined) best = better(best, found)
    }
    return best
  }

  /**
   * Keeps what was fetched, unless it is older than what is held: who repeats yesterday's answer does not undo a
   * revocation. Evidence that cannot be stored is still kept in memory; then it rejects.
   */
  async add(question: Question, { source, address, der, evidence, status }: FetchedEvidence): Promise<void> {
    const name = source === 'ocsp' ? ocspName(question) : crlName(question, address)
    const held = await this.#get(name)
    const known = held && judge(held, question)
    if (known !== undefined && better({ status, age: 'current' }, known) === known) return
    this.#hold(name, { evidence, bytes: der.length })
    await this.#store.write(name, der)
  }

  async #get(name: string): Promise<Held | undefined> {
    const held = this.#held.get(name)
    if (held !== undefined) {
      this.#held.delete(name)
      this.#held.set(name, held)
      return held
    }
    const der = await this.#store.read(name)
    if (der === undefined) return undefined
    try {
      return this.#hold(name, parse(name, der))
    } catch {
      // A disk that lets nobody delete is no reason to refuse everybody.
      await this.#store.delete(name).catch(() => {})
      return undefined
    }
  }

  #hold(name: string, held: Held): Held {
    this.#bytes += held.bytes - (this.#held.get(name)?.bytes ?? 0)
    this.#held.delete(name)
    this.#held.set(name, held)
    for (const [oldest, { bytes }] of this.#held) {
      if (this.#bytes <= this.#memoryBytesMax) break
      this.#held.delete(oldest)
      this.#bytes -= bytes
    }
    return held
  }
}

function parse(name: string, der: Uint8Array): Held {
  const evidence = name.endsWith('.ocsp')
    ? new OcspEvidence([parseOcspResponse(der)])
    : new CrlEvidence({ crls: [parseCrl(der)] })
  return { evidence, bytes: der.length }
}

function judge({ evidence }: Held, question: Question): CachedStatus | undefined {
  const status = evidence.statusOf(question)
  const isOutdated = status.status === 'unknown' || (status.status === 'revoked' && status.outdated === true)
  if (!isOutdated) return { status, age: 'current' }
  const last = evidence.lastStatusOf(question)
  return last.status === 'unknown' ? undefined : { status: last, age: 'outdated' }
}

function better(one: CachedStatus | undefined, other: CachedStatus): CachedStatus {
  if (one === undefined) return other
  const [newer, older] = one.status.thisUpdateMs >= other.status.thisUpdateMs ? [one, other] : [other, one]
  // What was said before a revocation does not undo it, however long it may be used.
  if (newer.age === 'current' || newer.status.status === 'revoked') return newer
  return older.age === 'current' ? older : newer
}

function namesFor(question: Question): readonly string[] {
  return [ocspName(question), ...addresses(question.certificate).map((address) => crlName(question, address))]
}

function addresses(certificate: Certificate): readonly string[] {
  try {
    return crlAddressesOf(certificate)
  } catch {
    return []
  }
}

const ocspName = ({ certificate, issuer }: Question): string =>
  `${hash('sha256', certificate.fingerprintSha256Hex + issuer.fingerprintSha256Hex)}.ocsp`
/** By issuer too, so that nobody else's CRL takes the place of one by naming its address. */
const crlName = ({ issuer }: Question, address: string): string =>
  `${hash('sha256', issuer.fingerprintSha256Hex + address)}.crl`
