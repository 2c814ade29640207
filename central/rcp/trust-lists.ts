import { Compile } from 'typebox/compile'

import type { Clock } from '#base'
import { CertificateTrustList, type CtlEntry } from '#opcp'
import { parseCertificate } from '#pki'

import { canonicalJson } from '../canonical-json.ts'
import { PoolError } from '../pool-error.ts'
import type { Storage } from '../storage-port.ts'
import { timestamp } from '../wire-text.ts'
import type { StoredRoot } from './root-store.ts'
import type { PublishedTrustList } from './trust-list-store.ts'
import {
  signTrustList,
  trustListEntries,
  trustListHash,
  type TrustListSigner,
  type UnsignedTrustList,
} from './trust-list.ts'

const trustList = Compile(CertificateTrustList)

/** When several processes publish at the same time, the others take the list of the first. */
const ATTEMPTS_MAX = 5

interface Parts {
  readonly storage: Pick<Storage, 'stores'>
  /** Without one there is no list. */
  readonly signer: TrustListSigner | undefined
  readonly issuer: string
  readonly clock: Clock
}

/** The certificate trust lists of the pool: signed, numbered without gaps, each bound to the one before. */
export class TrustLists {
  readonly #parts: Parts
  #publishing: Promise<PublishedTrustList> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /**
   * The list that says what the pool has now. A new one is made when something has changed or half of the
   * time of the last one has passed.
   *
   * @throws {PoolError} ERR_RCP_NO_TRUST_LIST without a signer
   */
  async current(): Promise<PublishedTrustList> {
    const { signer } = this.#parts
    if (signer === undefined) throw noList()
    this.#publishing ??= this.#publish(signer).finally(() => (this.#publishing = undefined))
    return await this.#publishing
  }

  /** @throws {PoolError} ERR_RCP_NO_TRUST_LIST */
  async earlier(sequence: number): Promise<PublishedTrustList> {
    const found = await this.#parts.storage.stores.trustLists.find(sequence)
    if (found === undefined) throw noList()
    return found
  }

  async #publish(signer: TrustListSigner): Promise<PublishedTrustList> {
    const { storage, clock } = this.#parts
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const atMs = clock()
      const latest = await storage.stores.trustLists.latest()
      const previous = latest === undefined ? [] : entriesOf(latest)
      // Not the pool's own view of its roots: that of another process may be some seconds old.
      const roots = (await storage.stores.roots.list()).map(rootOf)
      const entries = trustListEntries(roots, { previous, atMs })
      const isFresh = latest !== undefined && latest.nextUpdateMs - atMs > signer.validityMs / 2
      if (isFresh && canonicalJson(entries) === canonicalJson(previous)) return latest
      const next = await this.#sign(signer, { latest, entries, atMs })
      if ((await storage.stores.trustLists.add(next)) === 'added') return next
    }
    throw new PoolError('ERR_POOL_UNAVAILABLE', 'The trust list is being published by others.')
  }

  async #sign(
    signer: TrustListSigner,
    {
      latest,
      entries,
      atMs,
    }: {
      readonly latest: PublishedTrustList | undefined
      readonly entries: readonly CtlEntry[]
      readonly atMs: number
    },
  ): Promise<PublishedTrustList> {
    const { issuer } = this.#parts
    const nextUpdateMs = atMs + signer.validityMs
    const list: UnsignedTrustList = {
      formatVersion: 1,
      issuer,
      sequence: (latest?.sequence ?? 0) + 1,
      thisUpdate: timestamp(atMs),
      nextUpdate: timestamp(nextUpdateMs),
      ...(latest !== undefined && { previousHash: latest.hash }),
      policies: [],
      entries: [...entries],
    }
    return {
      sequence: list.sequence,
      text: canonicalJson(await signTrustList(list, signer)),
      hash: trustListHash(list),
      signerCertificate: signer.certificate.der,
      publishedAtMs: atMs,
      nextUpdateMs,
    }
  }
}

/** A list in its parts. */
export function readTrustList({ text }: Pick<PublishedTrustList, 'text'>): CertificateTrustList {
  return trustList.Parse(JSON.parse(text))
}

function entriesOf(list: PublishedTrustList): readonly CtlEntry[] {
  return readTrustList(list).entries
}

function rootOf({ id, rootType, certificate }: StoredRoot): Parameters<typeof trustListEntries>[0][number] {
  return { id, rootType, certificate: parseCertificate(certificate) }
}

function noList(): PoolError {
  return new PoolError('ERR_RCP_NO_TRUST_LIST', 'There is no such certificate trust list.')
}
