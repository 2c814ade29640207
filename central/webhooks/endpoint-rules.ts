/** What an endpoint may be, decided from what its owner sends and who the owner is. */
import { setTimeout } from 'node:timers/promises'

import { codeOf } from '#base'
import { AddressGuard, type ResolveHost } from '#net'
import { FACTORY_RESET_FORMER_NAME, MO_EVENTS, OEM_EVENTS, ROOT_EVENTS } from '#opcp'

import type { Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import type { EndpointStatus } from './endpoint.ts'

const METADATA_CHARACTERS_MAX = 4096
/** A name that cannot be looked up now may be there when there is something to deliver. */
const RESOLVE_TIMEOUT_MS = 1_000

const ROLE_EVENTS: Readonly<Record<string, readonly string[]>> = {
  OEM: OEM_EVENTS,
  MO_HUBJECT_PKI: [...MO_EVENTS, FACTORY_RESET_FORMER_NAME],
  MO_EXTERNAL_PKI: [...MO_EVENTS, FACTORY_RESET_FORMER_NAME],
}
const ALL_EVENTS: readonly string[] = [...ROOT_EVENTS, ...OEM_EVENTS, ...MO_EVENTS, FACTORY_RESET_FORMER_NAME]

/** Each once, in their order. @throws {PoolError} ERR_POOL_FIELD for an event that is none, or none of the caller's roles */
export function requireEvents(
  events: readonly string[],
  { roles }: Pick<Caller, 'roles'>,
): readonly string[] {
  const own = [...roles].flatMap((role) => ROLE_EVENTS[role] ?? [])
  for (const event of events) {
    if (!ALL_EVENTS.includes(event)) throw refused('enabledEvents', `unknown event ${JSON.stringify(event)}`)
    if (!own.includes(event) && !ROOT_EVENTS.some((known) => known === event))
      throw refused('enabledEvents', `${event} is not for the role ${[...roles].join(', ')}`)
  }
  return [...new Set(events)]
}

/** @throws {PoolError} ERR_POOL_FIELD */
export function requireStatus(status: string): EndpointStatus {
  if (status === 'enabled') return 'ENABLED'
  if (status === 'disabled') return 'DISABLED'
  throw refused('status', 'must be one of ["enabled", "disabled"]')
}

/**
 * World manufacturer identifiers in upper case. An OEM may name its own; for a mobility operator they narrow down what
 * it hears of its own contracts, whoever made the vehicles.
 *
 * @throws {PoolError} ERR_POOL_FIELD, ERR_POOL_NOT_OWNER
 */
export function requireWmiFilter(
  wmis: readonly string[],
  { roles, wmis: own }: Pick<Caller, 'roles' | 'wmis'>,
): readonly string[] {
  const filter = [...new Set(wmis.map((wmi) => wmi.toUpperCase()))]
  for (const wmi of filter) {
    if (!/^[A-Z0-9]{3}$/.test(wmi)) throw refused('wmi', 'must match "^[A-Za-z0-9]{3}$"')
    if (roles.has('OEM') && !own.has(wmi))
      throw new PoolError('ERR_POOL_NOT_OWNER', `The WMI ${wmi} does not belong to this client.`)
  }
  return filter
}

/** @throws {PoolError} ERR_POOL_FIELD */
export function requireMetadata(metadata: Readonly<Record<string, unknown>>): void {
  if (JSON.stringify(metadata).length > METADATA_CHARACTERS_MAX)
    throw refused('metadata', `must not be longer than ${METADATA_CHARACTERS_MAX} characters`)
  const { signatureFormat = 'prefixed' } = metadata
  if (signatureFormat !== 'prefixed' && signatureFormat !== 'hex')
    throw refused('metadata.signatureFormat', 'must be one of ["prefixed", "hex"]')
}

/** @throws {PoolError} ERR_POOL_FIELD */
export function requireDescription(description: string): string {
  // No database takes U+0000, and nobody else needs such characters either.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000e-\u001f]/.test(description)) throw refused('description', 'must be text')
  return description
}

/** Says whether an address may be that of an endpoint; it is looked at again whenever something is sent there. */
export class EndpointUrlRule {
  readonly #guard: AddressGuard
  readonly #plainHttp: boolean

  /** `plainHttp`: http may be used, too. */
  constructor({
    plainHttp,
    ...guard
  }: {
    readonly plainHttp: boolean
    readonly resolve: ResolveHost
    readonly allowedNetworks: readonly string[]
  }) {
    this.#guard = new AddressGuard(guard)
    this.#plainHttp = plainHttp
  }

  /** @throws {PoolError} ERR_POOL_FIELD */
  async require(text: string): Promise<string> {
    const url = URL.parse(text)
    const schemes = this.#plainHttp ? ['https:', 'http:'] : ['https:']
    if (url === null || !schemes.includes(url.protocol))
      throw refused('url', `must be an absolute ${this.#plainHttp ? 'http or https' : 'https'} URL`)
    if (await this.#isForbidden(url.href))
      throw refused('url', 'must be a public address without credentials')
    return text
  }

  async #isForbidden(address: string): Promise<boolean> {
    const late = new AbortController()
    const check = this.#guard.check(address).then(
      () => false,
      (error: unknown) => codeOf(error) === 'ERR_NET_ADDRESS',
    )
    const timeout = setTimeout(RESOLVE_TIMEOUT_MS, false, { signal: late.signal }).catch(() => false)
    try {
      return await Promise.race([check, timeout])
    } finally {
      late.abort()
    }
  }
}

function refused(field: string, what: string): PoolError {
  return new PoolError('ERR_POOL_FIELD', `${field} : ${what}`)
}
