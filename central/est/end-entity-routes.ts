import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'
import { Clean } from 'typebox/value'

import type { Clock, RandomBytes } from '#base'
import { EndEntity, OPERATIONS, type Operation } from '#opcp'

import { auditEntry } from '../audit/audit-record.ts'
import { requireOwnOperator, type Caller } from '../http/caller.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import type { Storage } from '../storage-port.ts'
import { readEndEntityName, readOperatorId } from './end-entity-name.ts'
import type { RegistryKind } from './operator-ca.ts'

const endEntity = Compile(EndEntity)

interface Registry {
  readonly put: Operation
  readonly list: Operation
  /** Whose end entities a caller sees. */
  readonly ownersOf: (caller: Caller) => ReadonlySet<string>
}

const REGISTRIES: Readonly<Record<RegistryKind, Registry>> = {
  oem: {
    put: OPERATIONS.putVehicleEntity,
    list: OPERATIONS.getVehicleEntities,
    ownersOf: ({ wmis }) => wmis,
  },
  cpo: {
    put: OPERATIONS.putEndEntity,
    list: OPERATIONS.getEndEntities,
    ownersOf: ({ operatorIds }) => operatorIds,
  },
  mo: {
    put: OPERATIONS.putContractEntity,
    list: OPERATIONS.getContractEntities,
    ownersOf: ({ providerIds }) => providerIds,
  },
}

/** The registration authority: who may enrol where that takes a registration. */
export function serveEndEntities(
  app: FastifyInstance,
  {
    storage,
    authentication,
    clock,
    random,
  }: {
    readonly storage: Storage
    readonly authentication: Authentication
    readonly clock: Clock
    readonly random: RandomBytes
  },
): void {
  for (const kind of ['oem', 'cpo', 'mo'] as const) {
    const { put, list, ownersOf } = REGISTRIES[kind]
    serveOperation(app, put, {
      authentication,
      handle: async ({ caller, actor, body }) => {
        const registration = readRegistration(kind, body)
        const name = readEndEntityName(kind, registration.commonName, 'iso20')
        name.requireOwner(caller)
        for (const evseId of registration.evseID ?? [])
          requireOwnOperator(caller, { operatorId: readOperatorId(evseId) })
        const entity = {
          kind,
          commonNameKey: name.key,
          operatorId: name.ownerId,
          registration,
          registeredAtMs: clock(),
        }
        const what = {
          action: 'end-entity.put',
          by: actor,
          object: { type: 'end-entity', id: `${kind}:${name.key}` },
          after: JSON.stringify(registration),
        } as const
        await storage.transaction(async (unit) => {
          await unit.endEntities.put(entity)
          await unit.audit.append(auditEntry(what, { clock, random }))
        })
        return { status: 200, body: registration }
      },
    })
    serveOperation(app, list, {
      authentication,
      handle: async ({ caller }) => {
        const owners = [...ownersOf(caller)]
        const listed = owners.length === 0 ? [] : await storage.stores.endEntities.listOf(kind, owners)
        return { status: 200, body: { endEntities: listed } }
      },
    })
  }
}

/** Known members are kept, others dropped; vehicles and contracts have no EVSEs. */
function readRegistration(kind: RegistryKind, body: unknown): EndEntity {
  const { evseID, ...registration } = readBody(Clean(EndEntity, readBody(body, endEntity)), endEntity)
  return { ...registration, ...(kind === 'cpo' && evseID !== undefined && { evseID }) }
}
