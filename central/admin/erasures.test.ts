import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'

import { lineOf } from '../audit/audit-record.ts'
import { verifyChain } from '../audit/verify-chain.ts'
import { generateBody, putRoots, putVehicle, startScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest, tokenOf, type RawAnswer } from '../raw-request.fixture.ts'
import type { SqlStorage } from '../storage/sql-storage.ts'
import { ENGINES, openTestStorage } from '../storage/storage.fixture.ts'
import { addSilentEndpoint } from '../webhooks/silent-endpoints.fixture.ts'

/** Every value of every table, in lower case, bytes as characters. */
async function dump({ database }: SqlStorage): Promise<string> {
  const values: unknown[] = []
  for (const { name } of await database.introspection.getTables()) {
    const { rows } = await sql`SELECT * FROM ${sql.table(name)}`.execute(database)
    values.push(...rows.flatMap((row) => Object.values(Object(row))))
  }
  return values
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
    .join('\n')
    .toLowerCase()
}

async function openScene(engine: (typeof ENGINES)[number]) {
  await using stack = new AsyncDisposableStack()
  const { storage, options } = stack.use(await openTestStorage(engine))
  const scene = stack.use(await startScene({ database: options }))
  await putRoots(scene)
  const clients = scene.config.clients.map((client) =>
    client.clientId === 'ADMIN'
      ? { ...client, permissions: [...client.permissions, 'administration' as const] }
      : client,
  )
  await scene.central.reload({ clients })
  await addSilentEndpoint(storage, {
    enabledEvents: ['oem.contract.created', 'oem.contract.deleted', 'mo.prov.cert.deleted'],
    wmis: ['EVO'],
    providerIds: ['DEEVO'],
  })
  const erase = async (body: object, role: 'ADMIN' | 'OEM' = 'ADMIN'): Promise<RawAnswer> => {
    const headers = { ...JSON_TYPE, authorization: `Bearer ${await tokenOf(scene, role)}` }
    return await rawRequest(scene, 'POST', '/admin/v1/erasures', { headers, body: JSON.stringify(body) })
  }
  const vehicleWith = async (...emaids: readonly string[]): Promise<string> => {
    const { pcid } = await putVehicle(scene)
    for (const emaid of emaids)
      await scene.clientOf('MO_HUBJECT_PKI').generateSignedContractData(generateBody({ pcid, emaid }))
    return pcid
  }
  const owned = stack.move()
  return { scene, storage, erase, vehicleWith, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function recordsOf({ stores }: SqlStorage) {
  const records = await stores.audit.list({ fromSeq: 1, limit: 1_000 })
  expect(await verifyChain(records.map(lineOf))).toEqual(await stores.audit.head())
  return records.map(({ record }) => JSON.parse(record))
}

describe.each(ENGINES)('erasing on %s', (engine) => {
  test('takes a vehicle, its contracts and what remained of them out of every table, and leaves the chain whole', async () => {
    await using opened = await openScene(engine)
    const { storage, erase, vehicleWith } = opened
    const [held, removed, other] = [
      await vehicleWith('DEEVOE00000001', 'DE-EVO-E00000002'),
      await vehicleWith('DEEVOE00000003'),
      await vehicleWith('DEEVOE00000004'),
    ]
    const headers = { authorization: `Bearer ${await tokenOf(opened.scene, 'OEM')}` }
    await rawRequest(opened.scene, 'DELETE', `/v1/oem/provCerts/${removed}`, { headers })
    const erased = [held, removed, 'DEEVOE00000001', 'DEEVOE00000002', 'DEEVOE00000003']
    const before = await dump(storage)
    for (const identifier of [...erased, other]) expect(before).toContain(identifier.toLowerCase())
    for (const body of [{ pcid: held.toLowerCase() }, { pcid: removed }, { emaid: 'DE-EVO-E00000003' }])
      expect(await erase(body)).toMatchObject({ status: 200, body: {} })
    const after = await dump(storage)
    for (const identifier of erased) expect(after).not.toContain(identifier.toLowerCase())
    for (const identifier of [other, 'DEEVOE00000004']) expect(after).toContain(identifier.toLowerCase())
    const erasures = (await recordsOf(storage)).filter(({ action }) => action.endsWith('.erase'))
    expect(erasures.map(({ action, actor }) => [action, actor.clientId])).toEqual([
      ['vehicle.erase', 'ADMIN'],
      ['contract.erase', 'ADMIN'],
      ['contract.erase', 'ADMIN'],
      ['vehicle.erase', 'ADMIN'],
      ['contract.erase', 'ADMIN'],
    ])
  })

  test('takes a contract alone, and its certificate is revoked; erasing again changes nothing', async () => {
    await using opened = await openScene(engine)
    const { storage, erase, vehicleWith } = opened
    const pcid = await vehicleWith('DEEVOE00000005', 'DEEVOE00000006')
    for (let round = 0; round < 2; round++)
      expect((await erase({ emaid: 'DEEVOE00000005' })).status).toBe(200)
    const left = await storage.stores.contracts.find({ pcidKey: pcid.toUpperCase() })
    expect(left.map(({ emaid }) => emaid.key)).toEqual(['DEEVOE00000006'])
    expect(await dump(storage)).not.toContain('deevoe00000005')
    const issued = await storage.database
      .selectFrom('issued_certificate')
      .select(['common_name', 'certificate', 'revocation_reason'])
      .where('revoked_at_ms', 'is not', null)
      .execute()
    expect(issued).toEqual([
      { common_name: '', certificate: null, revocation_reason: 'cessationOfOperation' },
    ])
  })
})

test.each([
  { body: {}, message: 'One of emaid and pcid is required.' },
  {
    body: { emaid: 'DEEVOE00000001', pcid: 'EVO00000000000001' },
    message: 'One of emaid and pcid is required.',
  },
])('$body names no subject', async ({ body, message }) => {
  await using opened = await openScene('sqlite')
  expect(await opened.erase(body)).toMatchObject({ status: 400, body: { errorMessages: [message] } })
  expect(await opened.erase(body, 'OEM')).toMatchObject({ status: 403 })
})
