import { SCOPES, type Role, type Scope } from '#opcp'

import type { Caller } from '../http/caller.ts'
import { intersection, type Identifiers } from './identifiers.ts'
import { familyOf, identifiersOfFamily, isActive, type Family, type Source } from './participant.ts'
import type { RegistryStore } from './registry-store.ts'

/** The permission for `/admin/…`. No other implies it, and nobody has it who was not given it by name. */
export const ADMINISTRATION = 'administration'

export type Permission = Scope | typeof ADMINISTRATION
export const POOL_PERMISSIONS: readonly Scope[] = Object.values(SCOPES)
export const PERMISSIONS: readonly Permission[] = [...POOL_PERMISSIONS, ADMINISTRATION]

/** REVOKED is final: a client id is never used again. */
type ClientState = 'ACTIVE' | 'REVOKED'

/** SHA-256 of secrets of 256 random bits, in lower-case hex. While a secret is rotated the previous one counts too. */
export interface SecretHashes {
  readonly current: string
  readonly previous: { readonly hash: string; readonly untilMs: number } | undefined
}

/** Who asks for tokens, in the name of a participant and with at most its rights. */
export interface RegisteredClient {
  readonly clientId: string
  readonly participantId: string
  readonly name: string
  /** The person who holds the secret; two clients of one person are no four eyes. Default: the client itself. */
  readonly person: string | undefined
  readonly roles: readonly Role[]
  readonly permissions: readonly Permission[]
  /** Those of the participant's that it may use; a kind that is left out: all of them, later ones too. */
  readonly limitedTo: Partial<Identifiers>
  readonly state: ClientState
  /** Absent for a client of the config: its secret stays where the config says. */
  readonly secret: SecretHashes | undefined
  /** Tokens of an earlier one do not count any more. */
  readonly generation: number
  readonly notBeforeMs: number | undefined
  readonly notAfterMs: number | undefined
  /** When it last asked for a token, within a minute. */
  readonly lastUsedAtMs: number | undefined
  readonly source: Source
  /** Counts the changes. */
  readonly version: number
  readonly createdAtMs: number
}

/** A client with all that decides about what it may do. */
export interface ClientFamily extends Family {
  readonly client: RegisteredClient
}

export async function clientFamilyOf(client: RegisteredClient, store: RegistryStore): Promise<ClientFamily> {
  const participant = await store.findParticipant(client.participantId)
  if (participant === undefined) throw new TypeError(`the client ${client.clientId} has no participant`)
  return { client, ...(await familyOf(participant, store)) }
}

/** What a client may do now: goes into its tokens, and limits what they are worth later. */
export interface ClientAccess extends Identifiers {
  readonly clientId: string
  readonly participantId: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly permissions: readonly Permission[]
  readonly generation: number
}

/** `undefined` when the client may do nothing at the time. */
export function accessOf(family: ClientFamily, nowMs: number): ClientAccess | undefined {
  const { client, participant } = family
  const { notBeforeMs = -Infinity, notAfterMs = Infinity } = client
  if (client.state !== 'ACTIVE' || !isActive(family)) return undefined
  if (nowMs < notBeforeMs || nowMs >= notAfterMs) return undefined
  const { clientId, participantId, name, permissions, generation } = client
  return {
    clientId,
    participantId,
    name,
    permissions,
    generation,
    // Checked when they were given; a participant may have lost some since.
    roles: client.roles.filter((role) => participant.roles.includes(role)),
    ...identifiersOfClient(family),
  }
}

/** Those of the participant's that the client may use. */
function identifiersOfClient({ client, ...family }: ClientFamily): Identifiers {
  const all = identifiersOfFamily(family)
  return intersection({ ...all, ...client.limitedTo }, all)
}

/** What a token says that its client may do. */
export type ClaimedRights = Omit<Caller, 'participantId'>

/** What both a token and its client's present rights allow: rights that were taken away end with the next request. */
export function limited(claimed: ClaimedRights, access: ClientAccess): Caller {
  return {
    clientId: access.clientId,
    participantId: access.participantId,
    roles: both(claimed.roles, access.roles),
    permissions: both(claimed.permissions, access.permissions),
    wmis: both(claimed.wmis, access.wmis),
    providerIds: both(claimed.providerIds, access.providerIds),
    operatorIds: both(claimed.operatorIds, access.operatorIds),
  }
}

function both(set: ReadonlySet<string>, list: readonly string[]): ReadonlySet<string> {
  return new Set(list.filter((item) => set.has(item)))
}
