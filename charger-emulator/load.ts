import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'

import { seededRandom } from '#base'

import { ChargePoint } from './charge-point.ts'
import { EmulatorError } from './errors.ts'
import { installAt } from './install-contract.ts'
import { type EmulatorPorts, systemPorts } from './ports.ts'
import type { GatewayAccess } from './rpc-connection.ts'
import type { Vehicle } from './vehicle.ts'

/** Between two attempts of a charge point that has lost its connection: it is being re-established meanwhile. */
const RECONNECT_PAUSE_MS = 1_000
const PROGRESS_INTERVAL_MS = 1_000
/** A minute in µs: above what any installation takes before it is given up. */
const LATENCY_US_MAX = 60_000_000
/** Relative error of a percentile: 0.1 %. */
const LATENCY_FIGURES = 3

/** Milliseconds; 0 as long as there is nothing to tell of. */
export interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

export interface LoadProgress {
  readonly done: number
  readonly succeeded: number
  readonly failed: number
  readonly elapsedMs: number
  readonly perSecond: number
  /** Of whole installations that succeeded: signing, answer, every check of the vehicle. */
  readonly installation: Latency
  /** Of the charge point's call alone: what gateway and pools took. */
  readonly answer: Latency
}

export interface LoadReport extends LoadProgress {
  readonly seed: number
  /** Failures by code, and by `code/detail` where whoever refused gave one. */
  readonly errors: Readonly<Record<string, number>>
}

/**
 * Installs contracts in many vehicles, as many at once as there are charge points, each vehicle drawn at random. The
 * same `seed` draws the same vehicles. Memory does not grow with the number of installations.
 *
 * A failed installation is counted, not thrown; `signal` ends the load after the installations under way.
 *
 * @throws {EmulatorError} when a charge point cannot go on line at the start
 */
export async function runLoad({
  chargePoints,
  vehicles,
  installations,
  seed,
  onProgress,
  progressIntervalMs = PROGRESS_INTERVAL_MS,
  signal,
  ports = systemPorts,
}: {
  /** One connection for each; OCPP lets each have one call under way. */
  readonly chargePoints: readonly GatewayAccess[]
  readonly vehicles: readonly Vehicle[]
  readonly installations: number
  readonly seed: number
  readonly onProgress?: (progress: LoadProgress) => void
  readonly progressIntervalMs?: number
  readonly signal?: AbortSignal
  readonly ports?: EmulatorPorts
}): Promise<LoadReport> {
  if (chargePoints.length === 0 || vehicles.length === 0) throw new TypeError('no charge point or no vehicle')
  await using online = await startAll(chargePoints, ports)
  const tally = new Tally(ports)
  const progress = onProgress && setInterval(() => onProgress(tally.progress()), progressIntervalMs)
  const draw = vehicleDraw(vehicles, seed)
  let left = installations
  const stopped = (): boolean => signal?.aborted === true
  const work = async (chargePoint: ChargePoint): Promise<void> => {
    while (left > 0 && !stopped()) {
      left--
      await tally.count(chargePoint, draw())
    }
  }
  try {
    await Promise.all(online.chargePoints.map(work))
  } finally {
    clearInterval(progress)
  }
  return { ...tally.progress(), seed, errors: tally.errors() }
}

/** Counts what happens; of fixed size whatever happens. */
class Tally {
  readonly #ports: EmulatorPorts
  readonly #startMs: number
  readonly #installation = histogram()
  readonly #answer = histogram()
  readonly #errors = new Map<string, number>()
  #succeeded = 0
  #failed = 0

  constructor(ports: EmulatorPorts) {
    this.#ports = ports
    this.#startMs = ports.stopwatch()
  }

  async count(chargePoint: ChargePoint, vehicle: Vehicle): Promise<void> {
    const { stopwatch } = this.#ports
    const startMs = stopwatch()
    try {
      await installAt(chargePoint, vehicle, {
        ports: this.#ports,
        onStep: ({ name, durationMs }) => {
          if (name === 'answered') record(this.#answer, durationMs)
        },
      })
      record(this.#installation, stopwatch() - startMs)
      this.#succeeded++
    } catch (error) {
      if (!(error instanceof EmulatorError)) throw error
      this.#fail(error)
      if (error.code === 'ERR_CHARGE_POINT_CLOSED') await delay(RECONNECT_PAUSE_MS)
    }
  }

  #fail({ code, detail }: EmulatorError): void {
    const key = detail === undefined ? code : `${code}/${detail}`
    this.#errors.set(key, (this.#errors.get(key) ?? 0) + 1)
    this.#failed++
  }

  progress(): LoadProgress {
    const done = this.#succeeded + this.#failed
    const elapsedMs = this.#ports.stopwatch() - this.#startMs
    return {
      done,
      succeeded: this.#succeeded,
      failed: this.#failed,
      elapsedMs,
      perSecond: elapsedMs > 0 ? (done * 1_000) / elapsedMs : 0,
      installation: latencyOf(this.#installation),
      answer: latencyOf(this.#answer),
    }
  }

  errors(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#errors)
  }
}

async function startAll(
  gateways: readonly GatewayAccess[],
  { clock }: EmulatorPorts,
): Promise<AsyncDisposable & { readonly chargePoints: readonly ChargePoint[] }> {
  const stack = new AsyncDisposableStack()
  try {
    const chargePoints: ChargePoint[] = []
    // One after the other: what has been opened can then be closed when a later one fails.
    for (const gateway of gateways) {
      const chargePoint = stack.use(await ChargePoint.connect(gateway, clock))
      await chargePoint.boot()
      chargePoints.push(chargePoint)
    }
    return { chargePoints, [Symbol.asyncDispose]: () => stack.disposeAsync() }
  } catch (error) {
    await stack.disposeAsync()
    throw error
  }
}

function vehicleDraw(vehicles: readonly Vehicle[], seed: number): () => Vehicle {
  const random = seededRandom(seed)
  return () => {
    const [a = 0, b = 0, c = 0] = random(3)
    const vehicle = vehicles[((a << 16) | (b << 8) | c) % vehicles.length]
    if (vehicle === undefined) throw new TypeError('no vehicle')
    return vehicle
  }
}

function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LATENCY_US_MAX, figures: LATENCY_FIGURES })
}

function record(latency: RecordableHistogram, durationMs: number): void {
  latency.record(Math.min(Math.max(1, Math.round(durationMs * 1_000)), LATENCY_US_MAX))
}

function latencyOf(latency: RecordableHistogram): Latency {
  if (latency.count === 0) return { p50Ms: 0, p99Ms: 0, maxMs: 0 }
  return {
    p50Ms: latency.percentile(50) / 1_000,
    p99Ms: latency.percentile(99) / 1_000,
    maxMs: latency.max / 1_000,
  }
}
