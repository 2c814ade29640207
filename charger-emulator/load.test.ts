import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { createThrowawayPki, issueVehicle, type ThrowawayPki } from '#pki'

import { type LoadProgress, runLoad } from './load.ts'
import { type SmallGateway, startSmallGateway } from './testing/small-gateway.ts'
import { Vehicle } from './vehicle.ts'

const ports = { clock: systemClock, random: systemRandom }
const WITHOUT_CONTRACT = 'EVOTEST0000000003'
const PCIDS = ['EVOTEST0000000001', 'EVOTEST0000000002', WITHOUT_CONTRACT]

let pki: ThrowawayPki
let gateway: SmallGateway
let vehicles: readonly Vehicle[]

beforeAll(async () => {
  pki = await createThrowawayPki(ports)
  gateway = await startSmallGateway({ pki, hasContract: (pcid) => pcid !== WITHOUT_CONTRACT })
  vehicles = await Promise.all(
    PCIDS.map(async (pcid) => new Vehicle(await issueVehicle(pki, { pcid, ...ports }))),
  )
})
afterAll(() => gateway[Symbol.asyncDispose]())

const chargePoints = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...gateway.access, identity: `CP-${index}` }))

describe('a load', () => {
  test('runs every installation over all charge points and tells what happened', async () => {
    const seen: LoadProgress[] = []
    const report = await runLoad({
      chargePoints: chargePoints(3),
      vehicles: vehicles.slice(0, 2),
      installations: 40,
      seed: 7,
      progressIntervalMs: 10,
      onProgress: (progress) => void seen.push(progress),
    })
    expect(report).toMatchObject({ seed: 7, done: 40, succeeded: 40, failed: 0, errors: {} })
    expect(report.installation.p50Ms).toBeGreaterThan(report.answer.p50Ms)
    expect(report.installation.p99Ms).toBeLessThanOrEqual(report.installation.maxMs)
    expect(report.perSecond).toBeGreaterThan(0)
    expect(seen.length).toBeGreaterThan(0)
  })

  test('counts refusals by code, and the same seed draws the same vehicles', async () => {
    const load = { chargePoints: chargePoints(1), vehicles, installations: 20 }
    const first = await runLoad({ ...load, seed: 42 })
    const second = await runLoad({ ...load, seed: 42 })
    const refused = 'ERR_VEHICLE_RESPONSE_CODE/FAILED_NoCertificateAvailable'
    expect(first.errors).toEqual({ [refused]: first.failed })
    expect(first.failed).toBeGreaterThan(0)
    expect(second.errors).toEqual(first.errors)
  })

  test('goes on when the gateway closes the connection', async () => {
    await using closing = await startSmallGateway({ pki })
    const report = await runLoad({
      chargePoints: [closing.access],
      vehicles,
      installations: 400,
      seed: 1,
      progressIntervalMs: 50,
      onProgress: ({ failed }) => {
        if (failed === 0) closing.disconnectAll()
      },
    })
    expect(report.done).toBe(400)
    expect(report.errors).toEqual({ ERR_CHARGE_POINT_CLOSED: report.failed })
    expect(report.succeeded).toBeGreaterThan(300)
  })

  test('ends early when told to', async () => {
    const report = await runLoad({
      chargePoints: chargePoints(2),
      vehicles,
      installations: 1_000_000,
      seed: 1,
      signal: AbortSignal.timeout(50),
    })
    expect(report.done).toBeLessThan(1_000_000)
  })

  test('does not begin when a charge point cannot go on line', async () => {
    const access = { ...gateway.access, url: 'ws://127.0.0.1:1/ocpp' }
    const load = runLoad({ chargePoints: [...chargePoints(1), access], vehicles, installations: 1, seed: 1 })
    await expect(load).rejects.toMatchObject({ code: 'ERR_CHARGE_POINT_CONNECT' })
  })
})
