import { createHash } from 'node:crypto'

import type { Clock, RandomBytes } from '#base'

import { canonicalJson } from '../canonical-json.ts'
import type { Actor } from '../http/caller.ts'

/** The hash before the first record, lower-case hex. */
export const FIRST_HASH = '0'.repeat(64)
const SALT_BYTES = 32

/** What a record is about. The id goes into the record as a salted hash only. */
export interface AuditObject {
  readonly type:
    | 'vehicle'
    | 'contract'
    | 'root'
    | 'certificate'
    | 'end-entity'
    | 'participant'
    | 'client'
    | 'endpoint'
    | 'operation'
  /** In the form by which it is looked up. */
  readonly id: string
}

/** Something that was done, on its way into the chain. */
export interface AuditEntry {
  readonly atMs: number
  /** `contract.put`: what was done to what kind of thing. */
  readonly action: string
  readonly actor: Actor
  readonly object: AuditObject
  /** For an object that has none yet. */
  readonly salt: Uint8Array
  /** SHA-256 of what was there before and after, lower-case hex; null: nothing. */
  readonly before: string | null
  readonly after: string | null
  /** Why nothing was done; `leftOut` of the same kind by the same client are told by this record alone. */
  readonly denial?: { readonly rule: string; readonly leftOut?: number | undefined }
}

/** A record as it is kept: what it says, and how it is bound to all before it. */
export interface SealedRecord {
  readonly seq: number
  /** Canonical JSON: members sorted, no white space. */
  readonly record: string
  /** Lower-case hex, as the next. */
  readonly prevHash: string
  /** SHA-256 of the UTF-8 of {@link record} and the 32 bytes of {@link prevHash}. */
  readonly hash: string
}

/** Who acts when nobody has asked: the scheduled work of central itself. */
export const SYSTEM: Actor = {
  clientId: 'system',
  participantId: 'system',
  roles: [],
  sourceIp: '',
  traceId: '',
}

/** Something that is done now; what was there before and after is kept as its SHA-256. */
export function auditEntry(
  {
    action,
    by,
    object,
    before,
    after,
  }: {
    readonly action: string
    readonly by: Actor
    readonly object: AuditObject
    readonly before?: Uint8Array | string | undefined
    readonly after?: Uint8Array | string | undefined
  },
  { clock, random }: { readonly clock: Clock; readonly random: RandomBytes },
): AuditEntry {
  const [beforeSha256, afterSha256] = [before, after].map((state) =>
    state === undefined ? null : sha256(state),
  )
  return {
    atMs: clock(),
    action,
    actor: by,
    object,
    salt: random(SALT_BYTES),
    before: beforeSha256 ?? null,
    after: afterSha256 ?? null,
  }
}

/** Binds an entry to the record before it. */
export function seal(
  entry: AuditEntry,
  {
    seq,
    prevHash,
    environment,
    salt,
  }: Pick<SealedRecord, 'seq' | 'prevHash'> & { readonly environment: string; readonly salt: Uint8Array },
): SealedRecord {
  const { clientId, participantId, roles, sourceIp, traceId } = entry.actor
  const record = canonicalJson({
    action: entry.action,
    actor: { clientId, participantId, roles: roles.toSorted(), sourceIp },
    after: entry.after,
    at: new Date(entry.atMs).toISOString(),
    before: entry.before,
    decision: entry.denial === undefined ? 'allow' : 'deny',
    environment,
    leftOut: entry.denial?.leftOut,
    object: { id: hashedId(entry.object, salt), type: entry.object.type },
    rule: entry.denial?.rule,
    seq,
    traceId,
  })
  return { seq, record, prevHash, hash: hashOf(record, prevHash) }
}

/** The hash that binds a record to the one before it, lower-case hex. */
export function hashOf(record: string, prevHash: string): string {
  return createHash('sha256').update(record).update(Buffer.from(prevHash, 'hex')).digest('hex')
}

/** A record as one line of an export, without its end; {@link verifyChain} reads it. */
export function lineOf({ record, prevHash, hash }: SealedRecord): string {
  return `{"hash":"${hash}","prevHash":"${prevHash}","record":${record}}`
}

function hashedId({ type, id }: AuditObject, salt: Uint8Array): string {
  return createHash('sha256').update(salt).update(`${type}:${id}`).digest('hex')
}

function sha256(state: Uint8Array | string): string {
  return createHash('sha256').update(state).digest('hex')
}
