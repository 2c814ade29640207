import { FACTORY_RESET_FORMER_NAME, MO_EVENTS, OEM_EVENTS } from '#opcp'

import type { SignatureFormat } from './delivery-signatures.ts'
import type { EndpointSecrets } from './endpoint-secrets.ts'

/**
 * - ENABLED: hears of what it subscribed to.
 * - DISABLED by its owner: nothing is put into its queue, and what is in it waits.
 * - SUSPENDED after many dead letters: nothing is sent, all is kept until the owner enables it again.
 * - DELETED: what was in its queue ends as dead.
 */
export const ENDPOINT_STATUSES = ['ENABLED', 'DISABLED', 'SUSPENDED', 'DELETED'] as const
export type EndpointStatus = (typeof ENDPOINT_STATUSES)[number]

/** Who an endpoint belongs to, as it was when it was last written. Identifiers are in upper case. */
export interface EndpointOwner {
  readonly participantId: string
  readonly name: string
  readonly roles: readonly string[]
  readonly wmis: readonly string[]
  readonly providerIds: readonly string[]
}

/** Where a participant is told of events. `S`: how its secrets are at hand, sealed or open. */
export interface Endpoint<S> {
  readonly id: string
  readonly owner: EndpointOwner
  readonly url: string
  /** As the owner named them. */
  readonly enabledEvents: readonly string[]
  readonly description: string | undefined
  readonly metadata: Readonly<Record<string, unknown>>
  /** Vehicles of these manufacturers alone; empty: of all. */
  readonly wmiFilter: readonly string[]
  readonly status: EndpointStatus
  readonly secrets: EndpointSecrets<S>
  readonly createdAtMs: number
  /** Counts the changes by its owner. */
  readonly version: number
}

/** One way by which an event finds its endpoint. */
export interface Subscription {
  readonly type: string
  /** The provider id or WMI of the owner; empty for events that concern everyone. */
  readonly subject: string
  /** WMI of the vehicle; empty: any. */
  readonly wmi: string
}

/** The samples in circulation read the header either way, so its owner decides. */
export function signatureFormatOf({ metadata }: Pick<Endpoint<unknown>, 'metadata'>): SignatureFormat {
  return metadata['signatureFormat'] === 'hex' ? 'hex' : 'prefixed'
}

/** All subscriptions of an endpoint: its events, for each identifier of its owner. */
export function subscriptionsOf({
  enabledEvents,
  owner,
  wmiFilter,
}: Pick<Endpoint<unknown>, 'enabledEvents' | 'owner' | 'wmiFilter'>): readonly Subscription[] {
  const types = new Set(enabledEvents.map(presentName))
  const passes = (wmi: string): boolean => wmiFilter.length === 0 || wmiFilter.includes(wmi)
  const vehicles = wmiFilter.length === 0 ? [''] : wmiFilter
  return [...types].flatMap((type): readonly Subscription[] => {
    if (OEM_EVENTS.some((known) => known === type))
      return owner.wmis.filter(passes).map((subject) => ({ type, subject, wmi: '' }))
    if (MO_EVENTS.some((known) => known === type))
      return owner.providerIds.flatMap((subject) => vehicles.map((wmi) => ({ type, subject, wmi })))
    return [{ type, subject: '', wmi: '' }]
  })
}

function presentName(event: string): string {
  return event === FACTORY_RESET_FORMER_NAME ? 'mo.prov.cert.factory.reset' : event
}
