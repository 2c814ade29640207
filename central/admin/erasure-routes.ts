import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import { Compile } from 'typebox/compile'

import type { Clock, RandomBytes } from '#base'
import type { Operation } from '#opcp'

import { readEmaid, readPcid } from '../fields.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { ADMINISTRATION } from '../registry/client.ts'
import type { Storage } from '../storage-port.ts'
import type { Subject } from './erasure-store.ts'
import { eraseSubject } from './erasures.ts'

/** Beyond the longest identifier. */
const IDENTIFIER_LENGTH_MAX = 64
const Identifier = Type.String({ maxLength: IDENTIFIER_LENGTH_MAX })

const ErasureRequest = Type.Object(
  { emaid: Type.Optional(Identifier), pcid: Type.Optional(Identifier) },
  {
    title: 'ErasureRequest',
    description: 'one of the two; a vehicle goes with its contracts',
    additionalProperties: false,
  },
)
const erasureRequest = Compile(ErasureRequest)

const ERASURE_OPERATIONS = {
  erase: {
    method: 'POST',
    path: '/admin/v1/erasures',
    summary:
      'Erases for good what names a contract or a vehicle, without events. There need not be anything to erase.',
    request: ErasureRequest,
    answers: { 200: Type.Object({}) },
    scope: ADMINISTRATION,
    roles: { ADMIN: 'any' },
  },
} as const satisfies Record<string, Operation>

export function serveErasures(
  app: FastifyInstance,
  {
    authentication,
    ...parts
  }: {
    readonly storage: Storage
    readonly authentication: Authentication
    readonly clock: Clock
    readonly random: RandomBytes
  },
): void {
  serveOperation(app, ERASURE_OPERATIONS.erase, {
    authentication,
    handle: async ({ actor, body }) => {
      await eraseSubject(subjectOf(readBody(body, erasureRequest)), actor, parts)
      return { status: 200, body: {} }
    },
  })
}

function subjectOf({ emaid, pcid }: { readonly emaid?: string; readonly pcid?: string }): Subject {
  if (emaid !== undefined && pcid === undefined) return { emaidKey: readEmaid(emaid).key }
  if (pcid !== undefined && emaid === undefined) return { pcidKey: readPcid(pcid).key }
  throw new PoolError('ERR_POOL_FIELD', 'One of emaid and pcid is required.')
}
