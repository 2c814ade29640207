import { randomUUID } from 'node:crypto'

import { MO_EVENTS, OEM_EVENTS } from '#opcp'

import type { Storage } from '../storage-port.ts'

/** Endpoints of the test's MO and OEM for all their events: nothing is sent, and all is kept. */
export async function addSilentEndpoints(storage: Storage): Promise<void> {
  for (const [enabledEvents, identifiers] of [
    [MO_EVENTS, { providerIds: ['DEEVO'], wmis: [] }],
    [OEM_EVENTS, { providerIds: [], wmis: ['EVO'] }],
  ] as const)
    await storage.transaction((unit) =>
      unit.endpoints.add({
        id: randomUUID(),
        owner: { participantId: 'P', name: 'P', roles: [], ...identifiers },
        url: 'https://receiver.example/',
        enabledEvents,
        description: undefined,
        metadata: {},
        wmiFilter: [],
        status: 'SUSPENDED',
        secrets: { current: new Uint8Array(32), previous: undefined },
        createdAtMs: 0,
        version: 1,
      }),
    )
}
