import { randomUUID } from 'node:crypto'

import { MO_EVENTS, OEM_EVENTS, type EventType } from '#opcp'

import type { Storage } from '../storage-port.ts'
import type { StoredEndpoint } from './endpoint-store.ts'

/** Of nobody's by default, so that only what goes to everyone concerns it. */
interface SilentEndpoint {
  readonly enabledEvents: readonly EventType[]
  readonly wmis?: readonly string[]
  readonly providerIds?: readonly string[]
}

/** An endpoint that nothing is sent to: all its events are kept. */
export async function addSilentEndpoint(
  storage: Pick<Storage, 'transaction'>,
  { enabledEvents, wmis = [], providerIds = [] }: SilentEndpoint,
): Promise<void> {
  const endpoint: StoredEndpoint = {
    id: randomUUID(),
    owner: { participantId: 'P', name: 'P', roles: [], wmis, providerIds },
    url: 'https://receiver.example/',
    enabledEvents,
    description: undefined,
    metadata: {},
    wmiFilter: [],
    status: 'SUSPENDED',
    secrets: { current: new Uint8Array(32), previous: undefined },
    createdAtMs: 0,
    version: 1,
  }
  await storage.transaction((unit) => unit.endpoints.add(endpoint))
}

/** Endpoints of the test's MO and OEM for all their events. */
export async function addSilentEndpoints(storage: Pick<Storage, 'transaction'>): Promise<void> {
  await addSilentEndpoint(storage, { enabledEvents: MO_EVENTS, providerIds: ['DEEVO'] })
  await addSilentEndpoint(storage, { enabledEvents: OEM_EVENTS, wmis: ['EVO'] })
}
