import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import type { Client } from './clients.ts'
import { TokenAuthority } from './token-authority.ts'
import { openTokenKey, type TokenKey } from './token-key.ts'

const STAGE = { issuer: 'https://issuer/', audience: 'https://stage', lifetimeSeconds: 600 }
const CLIENT: Client = {
  clientId: 'cpo',
  name: 'CPO',
  roles: ['CPO'],
  permissions: ['rcpservice', 'ccpservice'],
  wmis: [],
  providerIds: [],
  operatorIds: ['deevo'],
}
const REFUSED = { code: 'ERR_POOL_UNAUTHENTICATED' }

let directory: string
let key: TokenKey
let otherKey: TokenKey
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evouch-token-'))
  key = await openTokenKey(join(directory, 'key.pem'))
  otherKey = await openTokenKey(join(directory, 'other.pem'))
})
afterAll(() => rm(directory, { recursive: true }))

let nowMs: number
let authority: TokenAuthority
beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 1)
  authority = authorityWith()
})

function authorityWith(over: Partial<typeof STAGE & { key: TokenKey }> = {}): TokenAuthority {
  return new TokenAuthority({ key, ...STAGE, clock: () => nowMs, ...over })
}

async function tokenOf(issuer: TokenAuthority, permissions?: readonly string[]): Promise<string> {
  return (await issuer.issue(CLIENT, permissions)).access_token
}

test('a token says who its client is, and never more than the client may', async () => {
  const token = await tokenOf(authority, ['ccpservice', 'cpservice'])
  await expect(authority.verify(token)).resolves.toEqual({
    clientId: 'cpo',
    roles: new Set(['CPO']),
    permissions: new Set(['ccpservice']),
    wmis: new Set(),
    providerIds: new Set(),
    operatorIds: new Set(['DEEVO']),
  })
})

test('a token ends a minute after its expiry, also one that was verified before', async () => {
  const token = await tokenOf(authority)
  await authority.verify(token)
  nowMs += 659_000
  await expect(authority.verify(token)).resolves.toMatchObject({ clientId: 'cpo' })
  nowMs += 1_000
  await expect(authority.verify(token)).rejects.toMatchObject(REFUSED)
  await expect(authorityWith().verify(token)).rejects.toMatchObject(REFUSED)
})

test('a token of another key, issuer or stage is refused', async () => {
  for (const over of [{ key: otherKey }, { issuer: 'https://other/' }, { audience: 'https://other' }]) {
    const token = await tokenOf(authorityWith(over))
    await expect(authority.verify(token)).rejects.toMatchObject(REFUSED)
  }
})

test('a token signed with the public key as a shared secret, or without an end, is refused', async () => {
  const claims = (): SignJWT =>
    new SignJWT({ azp: 'cpo' })
      .setIssuer(STAGE.issuer)
      .setAudience(STAGE.audience)
      .setIssuedAt(nowMs / 1_000)
  const endless = await claims().setProtectedHeader({ alg: 'RS256' }).sign(key.privateKey)
  await expect(authority.verify(endless)).rejects.toMatchObject(REFUSED)
  const secret = new TextEncoder().encode(key.publicKey.export({ type: 'spki', format: 'pem' }).toString())
  const shared = await claims()
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(nowMs / 1_000 + 60)
    .sign(secret)
  await expect(authority.verify(shared)).rejects.toMatchObject(REFUSED)
})
