import { readFile } from 'node:fs/promises'

import { systemClock, systemRandom } from '#base'
import { type GatewayAccess, type LoadProgress, type LoadReport, runLoad, Vehicle } from '#charger-emulator'
import { issueVehicle, readPkiDirectory, type ThrowawayPki } from '#pki'
import { readSecret } from '#service'

import { type Endpoints, readEndpoints } from '../demo/endpoints.ts'
import { demoEmaid } from '../demo/identities.ts'
import { openClient, orderContract, registerVehicle } from '../demo/provision.ts'
import { type MemoryUse, MemoryWatch } from './memory-watch.ts'

/** Vehicles provisioned at the same time: enough to keep central busy, few enough not to queue there. */
const PROVISIONING_AT_ONCE = 8
/** Often enough to meet the heap just after a collection now and then. */
const SAMPLE_INTERVAL_MS = 100

export interface LoadPlan {
  readonly endpoints: string
  readonly vehicles: number
  readonly installations: number
  readonly chargePoints: number
  readonly seed: number
  readonly onProvisioned: (done: number, all: number) => void
  readonly onProgress: (progress: LoadProgress, all: number) => void
}

export interface LoadOutcome {
  readonly report: LoadReport
  readonly memory: MemoryUse
  readonly chargePoints: number
}

/** Makes vehicles with contracts in the running pools, then has them installed again and again. */
export async function runChargerLoad(plan: LoadPlan): Promise<LoadOutcome> {
  const endpoints = await readEndpoints(plan.endpoints)
  const chargePoints = (await gatewayAccesses(endpoints)).slice(0, plan.chargePoints)
  const vehicles = await provisionVehicles(endpoints, plan)
  const memory = new MemoryWatch()
  const report = await runLoad({
    chargePoints,
    vehicles,
    installations: plan.installations,
    seed: plan.seed,
    progressIntervalMs: SAMPLE_INTERVAL_MS,
    onProgress: (progress) => {
      memory.sample(progress.done * 2 < plan.installations ? 'first' : 'second')
      plan.onProgress(progress, plan.installations)
    },
  })
  return { report, memory: memory.end(), chargePoints: chargePoints.length }
}

async function gatewayAccesses({ gateway, caFile }: Endpoints): Promise<readonly GatewayAccess[]> {
  const password = await readSecret({ file: gateway.passwordFile })
  const caPem = await readFile(caFile, 'utf8')
  return gateway.loadIdentities.map((identity) => ({ url: gateway.url, identity, password, caPem }))
}

async function provisionVehicles(endpoints: Endpoints, plan: LoadPlan): Promise<readonly Vehicle[]> {
  const certificateAuthorities = await readFile(endpoints.caFile, 'utf8')
  await using oem = openClient(endpoints, { role: 'OEM', certificateAuthorities })
  await using mo = openClient(endpoints, { role: 'MO_HUBJECT_PKI', certificateAuthorities })
  const pki = await readPkiDirectory(endpoints.pkiDirectory)
  const vehicles: Vehicle[] = []
  let next = 0
  const work = async (): Promise<void> => {
    while (next < plan.vehicles) {
      const n = next++
      // oxlint-disable-next-line no-await-in-loop -- one vehicle after the other in each of several workers
      vehicles.push(await provisionVehicle({ pki, oem, mo, n }))
      plan.onProvisioned(vehicles.length, plan.vehicles)
    }
  }
  await Promise.all(Array.from({ length: PROVISIONING_AT_ONCE }, work))
  return vehicles
}

async function provisionVehicle({
  pki,
  oem,
  mo,
  n,
}: {
  readonly pki: ThrowawayPki
  readonly oem: ReturnType<typeof openClient>
  readonly mo: ReturnType<typeof openClient>
  readonly n: number
}): Promise<Vehicle> {
  const pcid = `EVOLOAD${String(n).padStart(10, '0')}`
  const credentials = await issueVehicle(pki, { pcid, clock: systemClock, random: systemRandom })
  await registerVehicle(oem, credentials)
  await orderContract(mo, { pcid, emaid: demoEmaid('L', n), nowMs: systemClock() })
  return new Vehicle(credentials)
}
