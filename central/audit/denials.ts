import { setTimeout } from 'node:timers/promises'

import { codeOf, messageOf, type Clock, type RandomBytes } from '#base'
import type { Logger } from '#service'

import type { Actor } from '../http/caller.ts'
import type { Storage } from '../storage-port.ts'
import { auditEntry, type AuditEntry } from './audit-record.ts'

/** Of one client; what exceeds it in its minute is only counted. */
export const DENIALS_PER_MINUTE_MAX = 60
const MINUTE_MS = 60_000
/** Each batch is one transaction, during which nobody else adds to the chain. */
const BATCH_MAX = 500
/** While the database is away; about the size of a few megabytes. */
const WAITING_MAX = 10_000
const FLUSH_INTERVAL_MS = 1_000

/** Something that a client was not allowed to do. */
export interface Denial {
  /** Method and path of the operation, without what the client has put into it. */
  readonly operation: string
  readonly by: Actor
  /** The code of the refusal. */
  readonly rule: string
}

interface Minute {
  readonly startedAtMs: number
  recorded: number
  leftOut: number
  last: Denial
}

interface Parts {
  readonly storage: Pick<Storage, 'transaction'>
  readonly clock: Clock
  readonly random: RandomBytes
  readonly logger: Logger
}

/**
 * Writes denials into the audit chain, many in a transaction, some time after they were answered: they are no change that
 * a record could be torn from. The last ones are written when it is disposed. Those of a process that is killed are lost.
 */
export class Denials implements AsyncDisposable {
  readonly #parts: Parts
  readonly #minutes = new Map<string, Minute>()
  readonly #ending = new AbortController()
  readonly #writing: Promise<void>
  readonly #waiting: AuditEntry[] = []

  constructor(parts: Parts) {
    this.#parts = parts
    this.#writing = this.#writeOn()
  }

  add(denial: Denial): void {
    const minute = this.#minuteOf(denial)
    minute.last = denial
    if (minute.recorded < DENIALS_PER_MINUTE_MAX && this.#waiting.length < WAITING_MAX) {
      minute.recorded++
      this.#waiting.push(this.#entryOf(denial))
    } else minute.leftOut++
  }

  /** Writes what waits, and the counts of the minutes that are over. */
  async flush(): Promise<void> {
    const endedBeforeMs = this.#parts.clock() - MINUTE_MS
    this.#endMinutes(({ startedAtMs }) => startedAtMs <= endedBeforeMs)
    await this.#write()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort()
    await this.#writing
    this.#endMinutes(() => true)
    await this.#write()
  }

  async #writeOn(): Promise<void> {
    const { signal } = this.#ending
    while (!signal.aborted) {
      await setTimeout(FLUSH_INTERVAL_MS, undefined, { signal }).catch(() => {})
      await this.flush()
    }
  }

  /** What cannot be written waits on. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX)
      try {
        await this.#parts.storage.transaction(async ({ audit }) => {
          for (const entry of batch) await audit.append(entry)
        })
      } catch (error) {
        this.#waiting.unshift(...batch)
        const reason = { code: codeOf(error), reason: messageOf(error), waiting: this.#waiting.length }
        this.#parts.logger.error(reason, 'denials were not recorded yet')
        return
      }
    }
  }

  #minuteOf(denial: Denial): Minute {
    const { clientId } = denial.by
    const nowMs = this.#parts.clock()
    const held = this.#minutes.get(clientId)
    if (held !== undefined && nowMs - held.startedAtMs < MINUTE_MS) return held
    this.#endMinutes((minute) => minute === held)
    const minute = { startedAtMs: nowMs, recorded: 0, leftOut: 0, last: denial }
    this.#minutes.set(clientId, minute)
    return minute
  }

  #endMinutes(isOver: (minute: Minute) => boolean): void {
    for (const [clientId, minute] of this.#minutes) {
      if (!isOver(minute)) continue
      this.#minutes.delete(clientId)
      if (minute.leftOut > 0) this.#waiting.push(this.#entryOf(minute.last, minute.leftOut))
    }
  }

  #entryOf({ operation, by, rule }: Denial, leftOut?: number): AuditEntry {
    const what = { action: operation, by, object: { type: 'operation', id: operation } } as const
    return { ...auditEntry(what, this.#parts), denial: { rule, leftOut } }
  }
}
