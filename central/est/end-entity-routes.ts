import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'
import { Clean } from 'typebox/value'

import type { Clock } from '#base'
import { EndEntity, OPERATIONS } from '#opcp'

import { requireOwnOperator } from '../http/caller.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { readEndEntityName, readOperatorId } from './end-entity-name.ts'
import type { EndEntityStore } from './end-entity-store.ts'

const endEntity = Compile(EndEntity)

/** The registration authority: which stations of an operator may enrol. Known members are kept, others dropped. */
export function serveEndEntities(
  app: FastifyInstance,
  {
    endEntities,
    authentication,
    clock,
  }: { readonly endEntities: EndEntityStore; readonly authentication: Authentication; readonly clock: Clock },
): void {
  serveOperation(app, OPERATIONS.putEndEntity, {
    authentication,
    handle: async ({ caller, body }) => {
      const registration = readBody(Clean(EndEntity, readBody(body, endEntity)), endEntity)
      const { commonName, evseID = [] } = registration
      const name = readEndEntityName('cpo', commonName, 'iso20')
      name.requireOwner(caller)
      for (const evseId of evseID) requireOwnOperator(caller, { operatorId: readOperatorId(evseId) })
      await endEntities.put({
        kind: 'cpo',
        commonNameKey: name.key,
        operatorId: readOperatorId(commonName),
        registration,
        registeredAtMs: clock(),
      })
      return { status: 200, body: registration }
    },
  })
  serveOperation(app, OPERATIONS.getEndEntities, {
    authentication,
    handle: async ({ caller }) => ({
      status: 200,
      body: { endEntities: await endEntities.listOf('cpo', [...caller.operatorIds]) },
    }),
  })
}
