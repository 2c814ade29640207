import { base64FromBytes, bytesFromBase64, codeOf, messageOf, type Clock } from '#base'
import type { RootCert } from '#opcp'
import { type Certificate, CERTIFICATE_BYTES_MAX, parseCertificate } from '#pki'
import type { Logger } from '#service'

import { GatewayError } from './errors.ts'
import { RootFile, type RootSet } from './root-file.ts'
import { RootLossGuard } from './root-loss-guard.ts'

const ROOT_TYPES = ['V2G', 'OEM', 'MO'] as const
export type TrustedRootType = (typeof ROOT_TYPES)[number]

/** The pools of Europe hold a few dozen in all. */
const ROOTS_PER_TYPE_MAX = 1_000
/** After a refresh that failed, the next one comes this soon. */
const RETRY_MS = 30_000
/** Requests may ask for a refresh this often, however many of them there are. */
const ON_DEMAND_INTERVAL_MS = 5_000
const REFRESH_TIMEOUT_MS = 5_000

/** The root certificate pool as the gateway needs it; an OpcpClient is one. */
export interface RootPool {
  /** All roots of all types. Throws OpcpError. */
  getRootCerts(options: { readonly signal: AbortSignal }): Promise<readonly RootCert[]>
}

export interface RootCertificatesOptions {
  readonly pool: RootPool
  readonly file: string
  readonly refreshIntervalMs: number
  readonly clock: Clock
  readonly logger: Logger
}

interface Roots {
  readonly fetchedAtMs: number
  readonly certificates: readonly Certificate[]
}

/**
 * The roots that the gateway trusts, by type, kept on disk: they outlive a restart and any absence of the pool.
 *
 * A refresh replaces the roots of a type whole, so that a root taken out of the pool is no longer trusted; but never
 * by an empty set and not at once by a drastically smaller one ({@link RootLossGuard}), because a pool that suddenly
 * knows few roots is broken, and validation at the edge must not break with it.
 */
export class RootCertificates implements AsyncDisposable {
  readonly #options: RootCertificatesOptions
  readonly #file: RootFile
  readonly #lossGuard: RootLossGuard<TrustedRootType>
  readonly #stop = new AbortController()
  #roots: Partial<Record<TrustedRootType, Roots>> = {}
  #refreshing: Promise<'changed' | 'unchanged'> | undefined
  #attemptedAtMs = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  private constructor(options: RootCertificatesOptions) {
    this.#options = options
    this.#file = new RootFile(options.file)
    this.#lossGuard = new RootLossGuard({ patienceMs: options.refreshIntervalMs })
  }

  /**
   * Reads the file and begins to refresh. Waits for the first refresh only when there is no V2G root to work with,
   * and not for its success.
   */
  static async open(options: RootCertificatesOptions): Promise<RootCertificates> {
    const roots = new RootCertificates(options)
    await roots.#load()
    const first = roots.#refreshAndSchedule()
    if (roots.of('V2G').length === 0) await first
    return roots
  }

  /** The roots of a type, expired ones among them; empty when none was ever fetched. */
  of(rootType: TrustedRootType): readonly Certificate[] {
    return this.#roots[rootType]?.certificates ?? []
  }

  /**
   * Asks the pool for new roots unless it was asked a moment ago. Gives up waiting when `signal` fires; never rejects.
   */
  async refreshOnDemand(signal: AbortSignal): Promise<'changed' | 'unchanged'> {
    if (this.#refreshing === undefined) {
      if (this.#options.clock() - this.#attemptedAtMs < ON_DEMAND_INTERVAL_MS) return 'unchanged'
    }
    const { promise, resolve } = Promise.withResolvers<'unchanged'>()
    const giveUp = (): void => resolve('unchanged')
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
    const verdict = await Promise.race([this.#refresh(), promise])
    signal.removeEventListener('abort', giveUp)
    return verdict
  }

  /** Ends the schedule and waits for what is being written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    clearTimeout(this.#timer)
    await this.#refreshing
  }

  async #load(): Promise<void> {
    const { file, logger } = this.#options
    try {
      const { rootTypes } = await this.#file.read()
      for (const rootType of ROOT_TYPES) {
        const set = rootTypes[rootType]
        if (set !== undefined) this.#roots[rootType] = rootsOf(set)
      }
      logger.info({ file, ...this.#counts() }, 'root certificates read')
    } catch (error) {
      logger.warn(
        { code: codeOf(error) ?? 'ERR_GATEWAY_FILE', file, reason: messageOf(error) },
        'root certificates on disk are not usable and will be fetched again',
      )
    }
  }

  async #refreshAndSchedule(): Promise<void> {
    await this.#refresh()
    if (this.#stop.signal.aborted) return
    // The newest set tells when the last refresh succeeded. Without a V2G root no answer can be checked.
    const fetchedAtMs = Math.max(0, ...ROOT_TYPES.map((rootType) => this.#roots[rootType]?.fetchedAtMs ?? 0))
    const { refreshIntervalMs, clock } = this.#options
    const dueInMs = this.of('V2G').length === 0 ? 0 : fetchedAtMs + refreshIntervalMs - clock()
    // A clock that was put back would otherwise ask for a wait of years, which timers turn into none.
    const delayMs = Math.min(Math.max(dueInMs, RETRY_MS), refreshIntervalMs)
    this.#timer = setTimeout(() => void this.#refreshAndSchedule(), delayMs)
  }

  /** One at a time; whoever asks meanwhile shares it. */
  #refresh(): Promise<'changed' | 'unchanged'> {
    this.#refreshing ??= this.#fetch().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #fetch(): Promise<'changed' | 'unchanged'> {
    const { pool, clock, logger } = this.#options
    this.#attemptedAtMs = clock()
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(REFRESH_TIMEOUT_MS)])
    try {
      const before = this.#fingerprints()
      this.#replace(await pool.getRootCerts({ signal }))
      await this.#save()
      const changed = this.#fingerprints() !== before
      logger.info({ ...this.#counts(), changed }, 'root certificates refreshed')
      return changed ? 'changed' : 'unchanged'
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        logger.warn(
          { code: codeOf(error), reason: messageOf(error), ...this.#counts() },
          'root certificates not refreshed; those known stay in use',
        )
      }
      return 'unchanged'
    }
  }

  #replace(rootCerts: readonly RootCert[]): void {
    const fetchedAtMs = this.#options.clock()
    for (const rootType of ROOT_TYPES) {
      const certificates = this.#readable(
        rootCerts.filter((root) => root.rootType.toUpperCase() === rootType),
      )
      const known = this.of(rootType)
      if (this.#lossGuard.believes(rootType, { known, offered: certificates, nowMs: fetchedAtMs }))
        this.#roots[rootType] = { fetchedAtMs, certificates }
      else this.#warnLoss(rootType, { known: known.length, offered: certificates.length })
    }
  }

  /** One certificate that cannot be read must not cost all the others. */
  #readable(rootCerts: readonly RootCert[]): readonly Certificate[] {
    if (rootCerts.length > ROOTS_PER_TYPE_MAX) {
      throw new GatewayError(
        'ERR_GATEWAY_ROOTS_TOO_MANY',
        `${rootCerts.length} roots, limit ${ROOTS_PER_TYPE_MAX}`,
      )
    }
    const byFingerprint = new Map<string, Certificate>()
    for (const { caCertificate, rootCertificateId } of rootCerts) {
      try {
        const root = parseCertificate(bytesFromBase64(caCertificate, CERTIFICATE_BYTES_MAX))
        byFingerprint.set(root.fingerprintSha256Hex, root)
      } catch (error) {
        const code = codeOf(error)
        this.#options.logger.warn(
          { code, rootCertificateId, reason: messageOf(error) },
          'root certificate left out',
        )
      }
    }
    return [...byFingerprint.values()]
  }

  /** A type that never had a root is none that this pool serves. */
  #warnLoss(rootType: TrustedRootType, { known, offered }: { known: number; offered: number }): void {
    if (known === 0) return
    this.#options.logger.warn(
      { code: 'ERR_GATEWAY_ROOTS_LOST', rootType, known, offered },
      'the pool has lost most roots of this type; those known stay in use',
    )
  }

  /** A failure costs only the next restart: what was fetched is in use already. */
  async #save(): Promise<void> {
    const { file, logger } = this.#options
    const rootTypes: Partial<Record<TrustedRootType, RootSet>> = {}
    for (const rootType of ROOT_TYPES) {
      const roots = this.#roots[rootType]
      if (roots !== undefined) rootTypes[rootType] = setOf(roots)
    }
    try {
      await this.#file.write({ version: 1, rootTypes })
    } catch (error) {
      logger.error(
        { code: codeOf(error), file, reason: messageOf(error) },
        'root certificates not written to disk',
      )
    }
  }

  #counts(): Record<TrustedRootType, number> {
    return { V2G: this.of('V2G').length, OEM: this.of('OEM').length, MO: this.of('MO').length }
  }

  #fingerprints(): string {
    return ROOT_TYPES.flatMap((rootType) => [
      rootType,
      ...this.of(rootType).map(({ fingerprintSha256Hex }) => fingerprintSha256Hex),
    ]).join(' ')
  }
}

function rootsOf({ fetchedAt, certificates }: RootSet): Roots {
  return {
    fetchedAtMs: Date.parse(fetchedAt) || 0,
    certificates: certificates.map(({ certificate }) =>
      parseCertificate(bytesFromBase64(certificate, CERTIFICATE_BYTES_MAX)),
    ),
  }
}

function setOf({ fetchedAtMs, certificates }: Roots): RootSet {
  return {
    fetchedAt: new Date(fetchedAtMs).toISOString(),
    certificates: certificates.map((root) => ({
      subject: root.distinguishedName,
      validTo: new Date(root.validToMs).toISOString(),
      fingerprintSha256: root.fingerprintSha256Hex,
      certificate: base64FromBytes(root.der),
    })),
  }
}
