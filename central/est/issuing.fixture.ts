/** One CA of signing services on a database of its own, without a server: builders for tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { systemRandom, type Clock, type Signer } from '#base'
import { softwareSigner, type Certificate } from '#pki'

import { SYSTEM } from '../audit/audit-record.ts'
import { pkiForTests } from '../central.fixture.ts'
import type { Caller } from '../http/caller.ts'
import { openStorage } from '../storage/open-storage.ts'
import { Enrolment, type EstTarget } from './enrolment.ts'
import { newRequest } from './est.fixture.ts'
import { Issuance } from './issuance.ts'
import type { IssuedStore } from './issued-store.ts'
import { OperatorCa, OperatorCas } from './operator-ca.ts'
import { RevocationService } from './revocation-service.ts'

export const TARGET: EstTarget = { kind: 'cps', slug: undefined, edition: 'iso2', algorithm: undefined }

export interface IssuingScene extends AsyncDisposable {
  readonly ca: OperatorCa
  readonly store: IssuedStore
  readonly enrolment: Enrolment
  /** A certificate of a client. */
  readonly enrolled: (clientId: string) => Promise<Certificate>
  /** Revokes in the name of a client. */
  readonly revoke: (certificate: Certificate, clientId: string) => Promise<void>
  /** What the key of the CA does from now on instead of signing; `undefined`: it signs. */
  breakKey(failure: (() => Promise<Uint8Array>) | undefined): void
  /** How often the CA's key was asked to sign. */
  signatures(): number
}

export async function startIssuing(clock: Clock): Promise<IssuingScene> {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-issuing-'))
  const storage = await openStorage({ url: `sqlite:${join(directory, 'central.sqlite')}` })
  const { issued: store, endEntities } = storage.stores
  const pki = await pkiForTests()
  const key = softwareSigner(pki['cps/sub2'].privateKey)
  let signatures = 0
  let failure: (() => Promise<Uint8Array>) | undefined
  const signer: Signer = {
    algorithm: key.algorithm,
    sign: async (data) => {
      signatures += 1
      return await (failure === undefined ? key.sign(data) : failure())
    },
  }
  const ca = new OperatorCa({
    name: 'cps',
    kind: 'cps',
    slug: undefined,
    certificate: pki['cps/sub2'].certificate,
    subCertificates: [pki['cps/sub1'].certificate],
    root: pki['v2g/root'].certificate,
    signer,
    registrationRequired: false,
    retired: false,
    validityDays: 30,
    revocation: {},
  })
  const cas = new OperatorCas([ca])
  const issuance = new Issuance({ storage, clock, random: systemRandom })
  const enrolment = new Enrolment({ cas, issuance, issued: store, endEntities, clock })
  const revocations = new RevocationService({ cas, storage, clock, random: systemRandom })
  return {
    ca,
    store,
    enrolment,
    enrolled: async (clientId) => {
      const body = Buffer.from((await newRequest('A signing service')).request)
      const [leaf] = await enrolment.enrol(TARGET, body, callerOf(clientId))
      if (leaf === undefined) throw new TypeError('a leaf')
      return leaf
    },
    revoke: (certificate, clientId) =>
      revocations.revoke(certificate, {
        reason: 'superseded',
        caller: callerOf(clientId),
        reach: 'own',
        by: SYSTEM,
      }),
    breakKey: (broken) => {
      failure = broken
    },
    signatures: () => signatures,
    [Symbol.asyncDispose]: async () => {
      await storage[Symbol.asyncDispose]()
      await rm(directory, { recursive: true })
    },
  }
}

function callerOf(clientId: string): Caller {
  const none: ReadonlySet<string> = new Set()
  const identifiers = { wmis: none, providerIds: none, operatorIds: none }
  return { clientId, participantId: clientId, roles: new Set(['CPS']), permissions: none, ...identifiers }
}
