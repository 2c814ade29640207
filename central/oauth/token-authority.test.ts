import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import type { ClientAccess } from '../registry/client.ts'
import { TokenAuthority } from './token-authority.ts'
import { openTokenKey, type TokenKey } from './token-key.ts'

const STAGE = { issuer: 'https://issuer/', audience: 'https://stage', lifetimeSeconds: 600 }
const CLIENT: ClientAccess = {
  clientId: 'cpo',
  participantId: 'company',
  generation: 0,
  name: 'CPO',
  roles: ['CPO'],
  permissions: ['rcpservice', 'ccpservice'],
  wmis: [],
  providerIds: [],
  operatorIds: ['DEEVO'],
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
let current: ClientAccess | undefined
let authority: TokenAuthority
beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 1)
  current = CLIENT
  authority = authorityWith()
})

function authorityWith(over: Partial<typeof STAGE & { key: TokenKey }> = {}): TokenAuthority {
  const clients = { current: async () => current }
  return new TokenAuthority({ clients, key, ...STAGE, clock: () => nowMs, ...over })
}

async function tokenOf(issuer: TokenAuthority, permissions?: readonly string[]): Promise<string> {
  return (await issuer.issue(CLIENT, permissions)).access_token
}

test('a token says who its client is, and never more than the client may', async () => {
  const token = await tokenOf(authority, ['ccpservice', 'cpservice'])
  await expect(authority.verify(token)).resolves.toEqual({
    clientId: 'cpo',
    participantId: 'company',
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

test('a token of a client that may do nothing any more, or of an earlier secret, is refused', async () => {
  const token = await tokenOf(authority)
  await expect(authority.verify(token)).resolves.toMatchObject({ clientId: 'cpo' })
  current = { ...CLIENT, generation: 1 }
  await expect(authority.verify(token)).rejects.toMatchObject(REFUSED)
  await expect(authority.verify(await tokenOf(authorityWith()))).rejects.toMatchObject(REFUSED)
  current = undefined
  await expect(authority.verify(token)).rejects.toMatchObject(REFUSED)
})

test('a token is worth what its client may do now, and never more than when it was issued', async () => {
  const token = await tokenOf(authority)
  current = {
    ...CLIENT,
    permissions: ['rcpservice', 'cpservice'],
    roles: ['CPO', 'CPS'],
    operatorIds: ['DEXXX'],
  }
  await expect(authority.verify(token)).resolves.toMatchObject({
    permissions: new Set(['rcpservice']),
    roles: new Set(['CPO']),
    operatorIds: new Set(),
  })
})

test('a token that is not valid yet, or of an array of other audiences, is refused', async () => {
  const claims = (audience: readonly string[], notBefore: number): Promise<string> =>
    new SignJWT({ azp: 'cpo', [`${STAGE.audience}/generation`]: 0 })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(STAGE.issuer)
      .setAudience([...audience])
      .setIssuedAt(nowMs / 1_000)
      .setNotBefore(nowMs / 1_000 + notBefore)
      .setExpirationTime(nowMs / 1_000 + 600)
      .sign(key.privateKey)
  await expect(authority.verify(await claims([STAGE.audience], 61))).rejects.toMatchObject(REFUSED)
  await expect(
    authority.verify(await claims(['https://stage.evil', 'https://stag'], 0)),
  ).rejects.toMatchObject(REFUSED)
  await expect(authority.verify(await claims(['https://other', STAGE.audience], 60))).resolves.toMatchObject({
    clientId: 'cpo',
  })
})

function signedBy({ privateKey }: TokenKey, header: object): Promise<string> {
  return new SignJWT({ azp: 'cpo' })
    .setProtectedHeader({ alg: 'RS256', ...header })
    .setIssuer(STAGE.issuer)
    .setAudience(STAGE.audience)
    .setIssuedAt(nowMs / 1_000)
    .setExpirationTime(nowMs / 1_000 + 600)
    .sign(privateKey)
}

test('a token brings no key of its own, by whatever its header names', async () => {
  const [jwk] = otherKey.jwks.keys
  const headers = [
    { jwk },
    { jku: 'https://evil.example/jwks.json' },
    { x5u: 'https://evil.example/x.pem' },
    { kid: '../../../../dev/null' },
    { kid: "' UNION SELECT 'key" },
    { kid: key.kid },
  ]
  for (const header of headers)
    await expect(authority.verify(await signedBy(otherKey, header))).rejects.toMatchObject(REFUSED)
  for (const alg of ['RS512', 'PS256'])
    await expect(authority.verify(await signedBy(key, { alg }))).rejects.toMatchObject(REFUSED)
  const [, payload = ''] = (await signedBy(key, {})).split('.')
  for (const alg of ['none', 'None', '']) {
    const unsigned = Buffer.from(JSON.stringify({ alg })).toString('base64url')
    await expect(authority.verify(`${unsigned}.${payload}.`)).rejects.toMatchObject(REFUSED)
  }
})
