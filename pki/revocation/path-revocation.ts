import { setTimeout as sleep } from 'node:timers/promises'

import { type Clock, codeOf, messageOf } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import type { CertificateUse } from '../path/certificate-use.ts'
import { type PathRefusal, type PathVerdict, refusalOf } from '../path/path-verdict.ts'
import { REVOCATION_RULE, statusFinding } from '../path/revocation-rule.ts'
import { RevocationError } from './errors.ts'
import { EvidenceFolder, type EvidenceStore } from './evidence-folder.ts'
import { guardedHttp } from './guarded-http.ts'
import {
  type CertificateRevocation,
  keepRevocationFresh,
  RevocationChecker,
  type RevocationPolicy,
} from './revocation-checker.ts'
import { namesStatusSource, RevocationFetcher } from './revocation-fetcher.ts'

/** What is done about certificates that are revoked, or not known to be good. */
interface UsePolicy {
  /** `off` asks nobody; `soft` refuses what is revoked; `hard` also what is not known to be good. */
  readonly policy: 'off' | 'soft' | 'hard'
  /** With `soft`, how long after the last answer a certificate still passes; absent: without end. */
  readonly graceHours?: number
}

/** What an operator decides about revocation. Its own policy is that of every use that `perUse` does not name. */
export interface RevocationSettings extends UsePolicy {
  /** Each in place of the whole default: its grace does not count here. */
  readonly perUse?: Readonly<Partial<Record<CertificateUse, UsePolicy>>>
  /** Where answers are kept over a restart; absent: in memory. */
  readonly cacheDirectory?: string
  /** Of one exchange with a responder or a server of CRLs. */
  readonly timeoutMs: number
  /** Networks (`10.1.0.0/16`) that may be asked although they are not public. */
  readonly addressesAllowed: readonly string[]
}

export interface RevocationPorts {
  readonly clock: Clock
  /** Told once of every certificate and use whose status is unknown, accepted or not; must not throw. */
  readonly onUnknown: (found: UnknownRevocation) => void
  /** Told of each answer that the cache directory could not take; it serves until the end all the same. Must not throw. */
  readonly onStoreFailure: (error: unknown) => void
}

export interface UnknownRevocation {
  /** Of the leaf of the path. */
  readonly use: CertificateUse
  readonly certificate: Certificate
  readonly why: string
  /** Whether it names anybody who could be asked. */
  readonly namesSource: boolean
  readonly accepted: boolean
  /** Of the last answer, which is out of date. */
  readonly answerAgeMs: number | undefined
}

/** The part of a program's log that is written here. */
interface RevocationLogger {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/**
 * What a program's log tells of unknown statuses and of answers that were not stored. It names the issuer only: whose
 * certificate it is may be no matter for a log.
 */
export function revocationLog(
  logger: RevocationLogger,
): Pick<RevocationPorts, 'onUnknown' | 'onStoreFailure'> {
  return {
    onUnknown: ({ certificate, namesSource, ...fields }) => {
      const issuer = certificate.issuer.text
      const fingerprint = certificate.fingerprintSha256Hex
      // Many name nobody, and nobody can do anything about it.
      const level = namesSource || !fields.accepted ? 'warn' : 'info'
      logger[level]({ issuer, fingerprint, ...fields }, 'revocation status unknown')
    },
    onStoreFailure: (error) =>
      logger.warn(
        { code: codeOf(error), reason: messageOf(error) },
        'an answer about revocation was not stored',
      ),
  }
}

/** How often answers are looked through for those that have little time left. */
const REFRESH_INTERVAL_MS = 60_000
const HOUR_MS = 3_600_000
/** Certificates and uses of unknown status that were reported already. */
const REPORTED_MAX = 2_000

/** Everything is held in memory anyway. */
const NO_STORE: EvidenceStore = {
  read: () => Promise.resolve(undefined),
  write: () => Promise.resolve(),
  delete: () => Promise.resolve(),
}

/** The revocation of the certificates in valid paths, as the programs look at it. Refreshes answers until disposed of. */
export class PathRevocation implements AsyncDisposable {
  readonly #checker: RevocationChecker | undefined
  readonly #settings: RevocationSettings
  readonly #ports: RevocationPorts
  readonly #reported = new Set<string>()
  readonly #stop = new AbortController()
  readonly #refreshing: Promise<void>

  private constructor(settings: RevocationSettings, ports: RevocationPorts, store: EvidenceStore) {
    this.#settings = settings
    this.#ports = ports
    this.#checker = asksAnybody(settings) ? this.#createChecker(settings, store) : undefined
    this.#refreshing = this.#refresh()
  }

  /**
   * @throws {RevocationError} ERR_REVOCATION_CACHE_DIRECTORY
   * @throws {TypeError} {RangeError} for a network that is none
   */
  static async open(settings: RevocationSettings, ports: RevocationPorts): Promise<PathRevocation> {
    const { cacheDirectory } = settings
    const keeps = asksAnybody(settings) && cacheDirectory !== undefined
    return new PathRevocation(settings, ports, keeps ? await openFolder(cacheDirectory) : NO_STORE)
  }

  /**
   * Turns the verdict on a valid path into ERR_PATH_REVOKED or ERR_PATH_STATUS_UNKNOWN, or gives it the statuses that
   * were found, by the policy of `use`, CAs too. They are those of now, whatever time the path was judged at. `signal` ends
   * the waiting for the network and not the questions: one that has fired already (`AbortSignal.abort()`) means that only
   * the cache is looked at.
   */
  async judge(
    verdict: PathVerdict,
    { use, signal }: { readonly use: CertificateUse; readonly signal?: AbortSignal },
  ): Promise<PathVerdict> {
    const policy = policyOf(this.#settings.perUse?.[use] ?? this.#settings)
    if (!verdict.valid || this.#checker === undefined || policy === 'off') return verdict
    const found = await this.#checker.check(verdict.path, {
      atMs: this.#ports.clock(),
      policy,
      ...(signal === undefined ? {} : { signal }),
    })
    for (const each of found) this.#report(each, use)
    // From the root down: a CA at fault says more than what it issued.
    const refused =
      found.findLast(({ status }) => status.status === 'revoked') ??
      found.findLast(({ accepted }) => !accepted)
    return refused === undefined
      ? { ...verdict, statuses: found.map(({ status }) => status) }
      : refuse(refused)
  }

  /** Breaks off what is being asked. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await this.#refreshing
  }

  #createChecker(
    { timeoutMs, addressesAllowed }: RevocationSettings,
    store: EvidenceStore,
  ): RevocationChecker {
    const http = guardedHttp({ allowedNetworks: addressesAllowed, timeoutMs })
    const fetcher = new RevocationFetcher({
      network: ({ signal = this.#stop.signal, ...request }) =>
        http({ ...request, signal: AbortSignal.any([signal, this.#stop.signal]) }),
    })
    const { clock, onStoreFailure } = this.#ports
    return new RevocationChecker({ fetcher, store, clock, onStoreFailure })
  }

  async #refresh(): Promise<void> {
    if (this.#checker === undefined) return
    const { signal } = this.#stop
    await keepRevocationFresh(this.#checker, { intervalMs: REFRESH_INTERVAL_MS, sleep, signal })
  }

  /** Once for each certificate and use, and again when its status was known meanwhile. */
  #report({ certificate, status, ...found }: CertificateRevocation, use: CertificateUse): void {
    const key = `${use} ${certificate.fingerprintSha256Hex}`
    if (status.status !== 'unknown') {
      this.#reported.delete(key)
      return
    }
    if (this.#reported.has(key)) return
    if (this.#reported.size >= REPORTED_MAX) this.#reported.clear()
    this.#reported.add(key)
    const namesSource = namesStatusSource(certificate)
    this.#ports.onUnknown({ use, certificate, why: status.why, namesSource, ...found })
  }
}

function asksAnybody({ policy, perUse = {} }: RevocationSettings): boolean {
  return [policy, ...Object.values(perUse).map((each) => each.policy)].some((each) => each !== 'off')
}

function policyOf({ policy, graceHours = Number.POSITIVE_INFINITY }: UsePolicy): RevocationPolicy | 'off' {
  if (policy === 'off') return policy
  return policy === 'hard' ? { mode: 'hard-fail' } : { mode: 'soft-fail', graceMs: graceHours * HOUR_MS }
}

async function openFolder(directory: string): Promise<EvidenceFolder> {
  try {
    return await EvidenceFolder.open(directory)
  } catch (cause) {
    const what = `the cache directory for answers about revocation cannot be used: ${messageOf(cause)}`
    const remedy = 'let this program read and write it, or set none to keep the answers in memory'
    throw new RevocationError('ERR_REVOCATION_CACHE_DIRECTORY', `${what}; ${remedy}`, { cause })
  }
}

function refuse({ certificate, status }: CertificateRevocation): PathRefusal {
  return refusalOf(statusFinding(certificate, status), REVOCATION_RULE)
}
