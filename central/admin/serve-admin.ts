import type { FastifyInstance } from 'fastify'

import type { Clock, RandomBytes } from '#base'

import type { Authentication } from '../http/operation-route.ts'
import type { ClientDirectory } from '../registry/client-directory.ts'
import { Clients } from '../registry/clients.ts'
import { Participants } from '../registry/participants.ts'
import type { Storage } from '../storage-port.ts'
import { serveClients } from './client-routes.ts'
import { serveParticipants } from './participant-routes.ts'

/** The administration of participants and clients; what is changed here counts here at once, elsewhere within seconds. */
export function serveAdmin(
  app: FastifyInstance,
  parts: {
    readonly storage: Storage
    readonly clients: ClientDirectory
    readonly authentication: Authentication
    readonly clock: Clock
    readonly random: RandomBytes
  },
): void {
  const onChange = (): void => parts.clients.forget()
  serveParticipants(app, { ...parts, participants: new Participants(parts), onChange })
  serveClients(app, { ...parts, clients: new Clients(parts), onChange })
}
