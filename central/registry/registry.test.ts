import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'

import { ENGINES, openTestStorage, type TestStorage } from '../storage/storage.fixture.ts'
import { ClientDirectory } from './client-directory.ts'
import { secretHash } from './client-secret.ts'
import { Clients } from './clients.ts'
import { enterConfigClients, type ConfigClient } from './config-clients.ts'
import { Participants } from './participants.ts'
import { clientTerms, participantTerms } from './registry.fixture.ts'

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const START_MS = Date.UTC(2026, 0, 15)

const oem = (over: Partial<ConfigClient> = {}): ConfigClient => ({
  clientId: 'oem',
  name: 'The OEM',
  roles: ['OEM'],
  permissions: ['pcpservice'],
  wmis: ['abc'],
  providerIds: [],
  operatorIds: [],
  ...over,
})

describe.each(ENGINES)('the registry on %s', (engine) => {
  let database: TestStorage
  let nowMs: number
  let participants: Participants
  let clients: Clients
  let directory: ClientDirectory
  beforeAll(async () => {
    database = await openTestStorage(engine)
  })
  afterAll(() => database[Symbol.asyncDispose]())
  beforeEach(async () => {
    const { storage } = database
    for (const table of ['client', 'participant_identifier', 'participant'] as const)
      await storage.database.deleteFrom(table).execute()
    nowMs = START_MS
    const clock = (): number => nowMs
    participants = new Participants({ storage, clock })
    clients = new Clients({ storage, clock, random: systemRandom })
    directory = new ClientDirectory({ store: storage.stores.registry, clock, configSecrets: new Map() })
  })

  const enter = (...entries: readonly ConfigClient[]): Promise<void> =>
    enterConfigClients(entries, { storage: database.storage, nowMs })

  const works = async (secret: string): Promise<boolean> =>
    (await directory.authenticate({ clientId: 'client', secret })) !== undefined

  describe('participants', () => {
    test('come back as they were entered, their identifiers in upper case', async () => {
      const added = await participants.add('example', participantTerms({ wmis: ['abc', 'ABC', 'abd'] }))
      expect(added).toMatchObject({ participantId: 'example', wmis: ['ABC', 'ABD'], state: 'ACTIVE' })
      await expect(participants.get('example')).resolves.toEqual(added)
      await expect(participants.list()).resolves.toEqual([added])
    })

    test('have ids of their own', async () => {
      await participants.add('example', participantTerms())
      await expect(
        participants.add('example', participantTerms({ wmis: [], providerIds: [] })),
      ).rejects.toMatchObject({ code: 'ERR_REGISTRY_TAKEN', message: 'There is a participant example.' })
    })

    test("cannot have another's identifier, and nothing is left of the attempt", async () => {
      await participants.add('example', participantTerms())
      await expect(
        participants.add('other', participantTerms({ wmis: ['XYZ', 'abc'] })),
      ).rejects.toMatchObject({
        code: 'ERR_REGISTRY_TAKEN',
        message: 'The WMI ABC belongs to the participant example.',
      })
      await expect(participants.get('other')).rejects.toMatchObject({ code: 'ERR_REGISTRY_NOT_FOUND' })
      await expect(
        participants.add('third', participantTerms({ wmis: ['XYZ'], providerIds: [] })),
      ).resolves.toMatchObject({ wmis: ['XYZ'] })
    })

    test('that race for one identifier get it once', async () => {
      const results = await Promise.allSettled(
        ['one', 'two', 'three'].map((id) => participants.add(id, participantTerms())),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect(await participants.list()).toHaveLength(1)
    })

    test('may take back what they gave back; others only after 24 months', async () => {
      await participants.add('example', participantTerms())
      await participants.add('other', participantTerms({ wmis: [], providerIds: [] }))
      await participants.change('example', { wmis: [] })
      await expect(participants.change('other', { wmis: ['ABC'] })).rejects.toMatchObject({
        code: 'ERR_REGISTRY_TAKEN',
        message: 'The WMI ABC was given back on 2026-01-15 and is in quarantine for 24 months.',
      })
      await expect(participants.change('example', { wmis: ['ABC'] })).resolves.toMatchObject({
        wmis: ['ABC'],
      })
      await participants.change('example', { state: 'CLOSED' })
      nowMs = Date.UTC(2028, 0, 15)
      await expect(participants.change('other', { wmis: ['ABC'] })).rejects.toMatchObject({
        code: 'ERR_REGISTRY_TAKEN',
      })
      nowMs += 1
      await expect(participants.change('other', { wmis: ['ABC'] })).resolves.toMatchObject({ wmis: ['ABC'] })
    })

    test('go through their states, and never come back from CLOSED', async () => {
      await participants.add('example', participantTerms({ state: 'PENDING' }))
      await clients.create(clientTerms())
      await participants.change('example', { state: 'ACTIVE' })
      await participants.change('example', { state: 'SUSPENDED' })
      await expect(participants.change('example', { state: 'PENDING' })).rejects.toMatchObject({
        code: 'ERR_REGISTRY_STATE',
        message: 'The participant example is SUSPENDED and cannot become PENDING.',
      })
      const closed = await participants.change('example', { state: 'CLOSED' })
      expect(closed).toMatchObject({ state: 'CLOSED', wmis: [], providerIds: [] })
      await expect(clients.get('client')).resolves.toMatchObject({ state: 'REVOKED' })
      await expect(participants.change('example', { state: 'ACTIVE' })).rejects.toMatchObject({
        code: 'ERR_REGISTRY_STATE',
      })
      await expect(clients.create(clientTerms({ clientId: 'late' }))).rejects.toMatchObject({
        code: 'ERR_REGISTRY_STATE',
      })
    })

    test('that are brands use the identifiers of their parent, in its roles, and only one level deep', async () => {
      await participants.add('example', participantTerms())
      const brand = participantTerms({ parentId: 'example', wmis: ['ABD'], providerIds: [], roles: ['OEM'] })
      await participants.add('brand', brand)
      await clients.create(clientTerms({ participantId: 'brand', limitedTo: { wmis: ['ABC', 'ABD'] } }))
      await expect(directory.current('client')).resolves.toMatchObject({ wmis: ['ABC', 'ABD'] })
      for (const over of [
        { parentId: 'brand' },
        { parentId: 'nobody' },
        { parentId: 'example', roles: ['CPO' as const] },
      ])
        await expect(
          participants.add(
            'second',
            participantTerms({ wmis: [], providerIds: [], roles: ['OEM'], ...over }),
          ),
        ).rejects.toMatchObject({ code: 'ERR_REGISTRY_REFUSED' })
      await expect(participants.change('example', { state: 'CLOSED' })).rejects.toMatchObject({
        code: 'ERR_REGISTRY_STATE',
        message: 'The participant example has the brand brand.',
      })
      await participants.change('example', { state: 'SUSPENDED' })
      directory.forget()
      await expect(directory.current('client')).resolves.toBeUndefined()
    })

    test('changed by two administrators at once are changed by one of them, or by both in turn', async () => {
      await participants.add('example', participantTerms())
      const results = await Promise.allSettled(
        ['A', 'B', 'C'].map((name) => participants.change('example', { name })),
      )
      const done = results.filter(({ status }) => status === 'fulfilled').length
      await expect(participants.get('example')).resolves.toMatchObject({ version: 1 + done })
      for (const result of results)
        if (result.status === 'rejected')
          expect(result.reason).toMatchObject({ code: 'ERR_REGISTRY_CHANGED' })
    })
  })

  describe('clients', () => {
    beforeEach(() => participants.add('example', participantTerms()).then(() => undefined))

    test('get a secret of 32 bytes that only its hash is kept of', async () => {
      const { client, secret } = await clients.create(clientTerms())
      expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
      expect(client.secret).toEqual({ current: secretHash(secret), previous: undefined })
      expect(JSON.stringify(await clients.list())).not.toContain(secret)
      await expect(directory.authenticate({ clientId: 'client', secret })).resolves.toMatchObject({
        participantId: 'example',
        roles: ['OEM'],
        wmis: ['ABC'],
        providerIds: ['DEABC'],
      })
      await expect(clients.get('client')).resolves.toMatchObject({ lastUsedAtMs: START_MS })
    })

    test('without an id get a UUID, and never one that was given out', async () => {
      const { client } = await clients.create(clientTerms({ clientId: undefined }))
      expect(client.clientId).toMatch(/^[0-9a-f-]{36}$/)
      await clients.revoke(client.clientId)
      await expect(clients.create(clientTerms({ clientId: client.clientId }))).rejects.toMatchObject({
        code: 'ERR_REGISTRY_TAKEN',
      })
    })

    test.each([
      ['a role of others', { roles: ['CPO' as const] }, 'The participant example has no role CPO.'],
      ['the role ADMIN', { roles: ['ADMIN' as const] }, 'Administrators are named in the config file alone.'],
      [
        'the permission of administrators',
        { permissions: ['administration' as const] },
        'Administrators are named in the config file alone.',
      ],
      [
        "another's identifier",
        { limitedTo: { wmis: ['ABC', 'XYZ'] } },
        'The WMI XYZ does not belong to the participant example.',
      ],
      ['an end before its beginning', { notBeforeMs: 2, notAfterMs: 2 }, 'The client ends before it begins.'],
    ])('cannot have %s, neither at first nor by a change', async (_, over, message) => {
      const refusal = { code: 'ERR_REGISTRY_REFUSED', message }
      await expect(clients.create(clientTerms(over))).rejects.toMatchObject(refusal)
      await clients.create(clientTerms())
      await expect(clients.change('client', over)).rejects.toMatchObject(refusal)
    })

    test('lose with their participant what it loses', async () => {
      await clients.create(clientTerms({ limitedTo: { wmis: ['ABC'] } }))
      await participants.change('example', { wmis: [], roles: ['MO_EXTERNAL_PKI'] })
      await expect(directory.current('client')).resolves.toMatchObject({ wmis: [], roles: [] })
    })

    test('are known for two seconds, then asked for again', async () => {
      await clients.create(clientTerms())
      await expect(directory.current('client')).resolves.toBeDefined()
      await clients.revoke('client')
      nowMs += 2_000
      await expect(directory.current('client')).resolves.toBeDefined()
      nowMs += 1
      await expect(directory.current('client')).resolves.toBeUndefined()
    })

    test('rotate their secret with an overlap, in which both count', async () => {
      const { secret: first } = await clients.create(clientTerms())
      const { secret: second, client } = await clients.rotate('client', HOUR_MS)
      expect(client.generation).toBe(0)
      expect([await works(first), await works(second)]).toEqual([true, true])
      nowMs += HOUR_MS
      expect([await works(first), await works(second)]).toEqual([false, true])
      const { secret: third, client: urgent } = await clients.rotate('client', 0)
      expect(urgent.generation).toBe(1)
      expect([await works(second), await works(third)]).toEqual([false, true])
    })

    test('revoked cannot be changed, rotated or used, and stay revoked', async () => {
      const { secret } = await clients.create(clientTerms())
      await expect(clients.revoke('client')).resolves.toMatchObject({ state: 'REVOKED' })
      await expect(clients.revoke('client')).resolves.toMatchObject({ state: 'REVOKED', version: 2 })
      await expect(directory.authenticate({ clientId: 'client', secret })).resolves.toBeUndefined()
      for (const attempt of [() => clients.change('client', {}), () => clients.rotate('client', 0)])
        await expect(attempt()).rejects.toMatchObject({
          code: 'ERR_REGISTRY_STATE',
          message: 'The client client is revoked.',
        })
    })

    test('may nothing before their time and after it', async () => {
      const { secret } = await clients.create(
        clientTerms({ notBeforeMs: START_MS + HOUR_MS, notAfterMs: START_MS + DAY_MS }),
      )
      const allowed = async (): Promise<boolean> =>
        (await directory.authenticate({ clientId: 'client', secret })) !== undefined &&
        (await directory.current('client')) !== undefined
      expect(await allowed()).toBe(false)
      nowMs = START_MS + HOUR_MS
      expect(await allowed()).toBe(true)
      nowMs = START_MS + DAY_MS
      expect(await allowed()).toBe(false)
    })
  })

  describe('the clients of a config file', () => {
    test('have their secret in the file, and none in the database', async () => {
      await enter(oem())
      await expect(clients.get('oem')).resolves.toMatchObject({ source: 'config', secret: undefined })
      await expect(directory.authenticate({ clientId: 'oem', secret: 's' })).resolves.toBeUndefined()
      directory.replace(new Map([['oem', { current: secretHash('s'), previous: undefined }]]))
      await expect(directory.authenticate({ clientId: 'oem', secret: 's' })).resolves.toMatchObject({
        participantId: 'oem',
        wmis: ['ABC'],
      })
    })

    test('may share a participant, each with what the file gives it', async () => {
      await enter(
        oem({ participant: 'group' }),
        oem({
          clientId: 'mo',
          participant: 'group',
          roles: ['MO_EXTERNAL_PKI'],
          wmis: [],
          providerIds: ['DEABC'],
        }),
      )
      await expect(participants.list()).resolves.toMatchObject([
        { participantId: 'group', roles: ['OEM', 'MO_EXTERNAL_PKI'], wmis: ['ABC'], providerIds: ['DEABC'] },
      ])
      await expect(directory.current('mo')).resolves.toMatchObject({ wmis: [], providerIds: ['DEABC'] })
    })

    test.each([
      ['with each other', [{ clientId: 'a' }, { clientId: 'b' }], 'a'],
      [
        'through a third',
        [{ clientId: 'a' }, { clientId: 'b', wmis: ['XYZ'] }, { clientId: 'c', wmis: ['XYZ', 'ABC'] }],
        'a',
      ],
      [
        'with those of a participant that is named',
        [{ clientId: 'a' }, { clientId: 'b', participant: 'group' }],
        'group',
      ],
    ])('that share an identifier %s are of one participant', async (_, entries, participantId) => {
      await enter(...entries.map(oem))
      await expect(participants.list()).resolves.toMatchObject([{ participantId }])
      await expect(directory.current('a')).resolves.toMatchObject({ participantId, wmis: ['ABC'] })
    })

    test('that share an identifier although they name two participants are refused', async () => {
      const two = [oem({ clientId: 'a', participant: 'one' }), oem({ clientId: 'b', participant: 'two' })]
      const refusal = {
        code: 'ERR_CENTRAL_CLIENT',
        message:
          'the WMI ABC of the participant two is that of the participant one: clients of one company name the same participant',
      }
      await expect(enter(...two)).rejects.toMatchObject(refusal)
      await expect(enter(...two, oem())).rejects.toMatchObject(refusal)
    })

    test('entered again change nothing; changed ones take the new terms', async () => {
      await enter(oem())
      await enter(oem())
      await expect(clients.get('oem')).resolves.toMatchObject({ version: 1 })
      await enter(oem({ wmis: ['ABC', 'ABD'], roles: ['OEM', 'CPO'] }))
      await expect(directory.current('oem')).resolves.toMatchObject({
        wmis: ['ABC', 'ABD'],
        roles: ['OEM', 'CPO'],
      })
    })

    test('that all processes enter together are entered', async () => {
      await expect(Promise.all([enter(oem()), enter(oem()), enter(oem())])).resolves.toBeDefined()
      await expect(clients.list()).resolves.toHaveLength(1)
    })

    test('give identifiers to each other at once', async () => {
      await enter(oem())
      await enter(oem({ clientId: 'renamed' }))
      await expect(directory.current('renamed')).resolves.toMatchObject({ wmis: ['ABC'] })
    })

    test('that are no longer in the file are gone, their participants suspended for anybody to take over', async () => {
      await enter(oem(), oem({ clientId: 'other', wmis: [] }))
      await expect(participants.change('oem', { name: 'x' })).rejects.toMatchObject({
        code: 'ERR_REGISTRY_STATE',
        message: 'The participant oem is kept in the config file.',
      })
      await enter(oem({ clientId: 'other', wmis: [] }))
      await expect(clients.get('oem')).rejects.toMatchObject({ code: 'ERR_REGISTRY_NOT_FOUND' })
      await expect(participants.get('oem')).resolves.toMatchObject({ state: 'SUSPENDED', wmis: ['ABC'] })
      await expect(participants.change('oem', { state: 'ACTIVE' })).resolves.toMatchObject({
        source: 'admin',
        wmis: ['ABC'],
      })
    })

    test('cannot be changed over the API, but revoked, and stay so', async () => {
      await enter(oem())
      for (const attempt of [() => clients.change('oem', { name: 'x' }), () => clients.rotate('oem', 0)])
        await expect(attempt()).rejects.toMatchObject({
          message: 'The client oem is kept in the config file.',
        })
      await clients.revoke('oem')
      await enter(oem({ name: 'Another name' }))
      await expect(clients.get('oem')).resolves.toMatchObject({ state: 'REVOKED' })
    })

    test('may not be those of the administrators, nor have their identifiers', async () => {
      await participants.add('example', participantTerms())
      await clients.create(clientTerms())
      for (const [entry, message] of [
        [
          oem({ participant: 'example' }),
          'the participant example is kept by the administrators, not in the file',
        ],
        [
          oem({ clientId: 'client', wmis: [] }),
          'the client client is kept by the administrators, not in the file',
        ],
        [
          oem(),
          'the WMI ABC of the participant oem is that of the participant example: clients of one company name the same participant',
        ],
      ] as const)
        await expect(enter(entry)).rejects.toMatchObject({ code: 'ERR_CENTRAL_CLIENT', message })
      await expect(participants.list()).resolves.toHaveLength(1)
    })
  })
})
