import { fastify } from 'fastify'
import { expect, test } from 'vitest'

import { systemRandom } from '#base'

import { openStorage } from '../storage/open-storage.ts'
import { auditEntry, SYSTEM } from './audit-record.ts'
import { serveAudit } from './audit-routes.ts'
import { verifyChain } from './verify-chain.ts'

const NONE: ReadonlySet<string> = new Set()

function app(storage: Parameters<typeof serveAudit>[1]['storage'], role: string) {
  const served = fastify()
  const caller = {
    clientId: role,
    participantId: role,
    roles: new Set([role]),
    permissions: new Set(['administration']),
    wmis: NONE,
    providerIds: NONE,
    operatorIds: NONE,
  }
  serveAudit(served, { storage, authentication: { verify: async () => caller } })
  return async (query: string) => {
    const headers = { authorization: 'Bearer token' }
    return await served.inject({ url: `/admin/v1/audit${query}`, headers })
  }
}

test('an administrator reads the chain in pages, as the verifier wants it; nobody else does', async () => {
  await using storage = await openStorage({ url: 'sqlite::memory:' })
  const ports = { clock: () => 0, random: systemRandom }
  await storage.transaction(async (unit) => {
    for (let seq = 1; seq <= 1_001; seq++) {
      const object = { type: 'root', id: `${seq}` } as const
      await unit.audit.append(auditEntry({ action: 'root.add', by: SYSTEM, object }, ports))
    }
  })
  const get = app(storage, 'ADMIN')
  const first = (await get('')).json()
  expect(first.lines).toHaveLength(1_000)
  const second = (await get('?from=1001')).json()
  expect(second.lines).toHaveLength(1)
  expect(await verifyChain([...first.lines, ...second.lines])).toEqual(second.head)
  expect((await get('?from=0')).json()).toMatchObject({ code: 'ERR_POOL_FIELD' })
  expect((await app(storage, 'MO_HUBJECT_PKI')('')).json()).toMatchObject({ code: 'ERR_POOL_ROLE' })
})
