import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { systemRandom } from '#base'
import type { CaKind, Role } from '#opcp'
import { parseCrl, softwareSigner, type Certificate, type ThrowawayPki } from '#pki'

import { DAY_MS, pkiForTests } from '../central.fixture.ts'
import type { Caller } from '../http/caller.ts'
import { openDatabase, type Database } from '../storage/database.ts'
import { SqlEndEntityStore } from '../storage/sql-end-entity-store.ts'
import { SqlIssuedStore } from '../storage/sql-issued-store.ts'
import { Enrolment } from './enrolment.ts'
import { newRequest } from './est.fixture.ts'
import { Issuance } from './issuance.ts'
import { OperatorCa, OperatorCas } from './operator-ca.ts'
import { RevocationService } from './revocation-service.ts'

let nowMs: number
const clock = (): number => nowMs
let directory: string
let database: Database
let ca: OperatorCa
let enrolment: Enrolment
let revocations: RevocationService
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'evouch-revocation-'))
  database = await openDatabase(join(directory, 'central.sqlite'))
  const store = new SqlIssuedStore(database)
  ca = signingServices(await pkiForTests())
  const cas = new OperatorCas([ca])
  const issuance = new Issuance({ store, clock, random: systemRandom })
  const endEntities = new SqlEndEntityStore(database)
  enrolment = new Enrolment({ cas, issuance, issued: store, endEntities, clock })
  revocations = new RevocationService({ cas, store, clock })
})
beforeEach(() => {
  nowMs = Date.now()
})
afterAll(async () => {
  await database.destroy()
  await rm(directory, { recursive: true })
})

function signingServices(pki: ThrowawayPki): OperatorCa {
  const { certificate, privateKey } = pki['cps/sub2']
  return new OperatorCa({
    name: 'cps',
    kind: 'cps',
    slug: undefined,
    certificate,
    subCertificates: [pki['cps/sub1'].certificate],
    root: pki['v2g/root'].certificate,
    signer: softwareSigner(privateKey),
    registrationRequired: false,
    validityDays: 30,
    revocation: {},
  })
}

function caller(clientId: string, role: Role = 'CPS'): Caller {
  const none: ReadonlySet<string> = new Set()
  const identifiers = { wmis: none, providerIds: none, operatorIds: none }
  return { clientId, roles: new Set([role]), permissions: none, ...identifiers }
}

const TARGET = {
  kind: 'cps' satisfies CaKind,
  slug: undefined,
  edition: 'iso2',
  algorithm: undefined,
} as const

async function enrolled(clientId: string): Promise<Certificate> {
  const body = Buffer.from((await newRequest('A signing service')).request)
  return leafOf(await enrolment.enrol(TARGET, body, caller(clientId)))
}

function leafOf([leaf]: readonly Certificate[]): Certificate {
  if (leaf === undefined) throw new TypeError('a leaf')
  return leaf
}

const revoke = (certificate: Certificate, clientId: string): Promise<void> =>
  revocations.revoke(certificate, { reason: 'superseded', caller: caller(clientId), reach: 'own' })

describe('the certificate of a signing service', () => {
  test('is revoked by the client that enrolled for it and by no other of the same role', async () => {
    const certificate = await enrolled('first')
    await expect(revoke(certificate, 'second')).rejects.toMatchObject({ code: 'ERR_POOL_NOT_OWNER' })
    await revoke(certificate, 'first')
    expect(parseCrl(await revocations.currentCrl(ca)).entryOf(certificate)).toBeDefined()
  })

  test('that was renewed belongs to the same client', async () => {
    const certificate = await enrolled('first')
    const body = Buffer.from((await newRequest('A signing service')).request)
    const renewed = leafOf(await enrolment.renew(TARGET, body, certificate.der))
    await expect(revoke(renewed, 'second')).rejects.toMatchObject({ code: 'ERR_POOL_NOT_OWNER' })
    await revoke(renewed, 'first')
  })
})

test('a revocation stays on the CRLs until one that was made after the certificate expired has ended', async () => {
  const certificate = await enrolled('first')
  await revoke(certificate, 'first')
  const isListedAt = async (atMs: number): Promise<boolean> => {
    nowMs = atMs
    return parseCrl(await revocations.currentCrl(ca)).entryOf(certificate) !== undefined
  }
  expect(await isListedAt(certificate.validToMs + DAY_MS)).toBe(true)
  expect(await isListedAt(certificate.validToMs + 10 * DAY_MS)).toBe(false)
})
