import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { hexFromBytes, type Clock, type RandomBytes } from '#base'

import { PoolError } from '../pool-error.ts'
import type { IdempotencyClaim, IdempotencyStore, StoredAnswer } from './idempotency-store.ts'
import { callerOf } from './operation-route.ts'

const WRITES: readonly string[] = ['PUT', 'POST', 'PATCH', 'DELETE']
/** Visible ASCII; a UUID has 36. */
const KEY = /^[!-~]{1,255}$/
const KEPT_FOR_MS = 24 * 3_600_000
/** Longer than any request takes: who holds a key longer has ended. */
const ABANDONED_AFTER_MS = 60_000
/** For a request that another one like it is carried out beside. */
const WAIT_MS = 2_000
const POLL_INTERVAL_MS = 100
const CLEANING_INTERVAL_MS = 60_000

export interface IdempotencyOptions {
  readonly store: IdempotencyStore
  readonly clock: Clock
  readonly random: RandomBytes
}

/**
 * Carries out a write that names an Idempotency-Key once in 24 hours, however often it comes, and gives its answer again.
 * Only successes are kept: what was refused has changed nothing and is judged anew. To be called before routes are added.
 */
export function serveWritesOnce(app: FastifyInstance, options: IdempotencyOptions): void {
  const { store, clock } = options
  const claims = new WeakMap<FastifyRequest, IdempotencyClaim>()
  let cleanedAtMs = clock()
  app.addHook('preHandler', async (request, reply) => {
    const wanted = claimOf(request, options)
    if (wanted === undefined) return
    if (clock() - cleanedAtMs >= CLEANING_INTERVAL_MS) {
      cleanedAtMs = clock()
      await store.removeExpired(cleanedAtMs)
    }
    const answer = await answerOf(wanted, options)
    if (answer === undefined) {
      claims.set(request, wanted)
      return
    }
    // The reply, awaited, keeps the handler from running.
    await sendAgain(answer, reply)
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const claim = claims.get(request)
    if (claim === undefined) return
    claims.delete(request)
    const { statusCode: status } = reply
    if (status < 200 || status > 299) return await store.release(claim)
    const isSecret = request.routeOptions.config.secretAnswer === true
    await store.complete(claim, {
      status,
      body: typeof payload === 'string' && !isSecret ? payload : undefined,
    })
  })
}

/** @throws {PoolError} ERR_POOL_IDEMPOTENCY_KEY */
function claimOf(
  request: FastifyRequest,
  { clock, random }: IdempotencyOptions,
): IdempotencyClaim | undefined {
  const key = request.headers['idempotency-key']
  const clientId = callerOf(request)?.clientId
  if (key === undefined || clientId === undefined || !WRITES.includes(request.method)) return undefined
  if (typeof key !== 'string' || !KEY.test(key))
    throw new PoolError(
      'ERR_POOL_IDEMPOTENCY_KEY',
      'The Idempotency-Key must be 1 to 255 visible characters.',
    )
  const claimedAtMs = clock()
  return {
    clientId,
    method: request.method,
    path: request.routeOptions.url ?? '',
    key,
    requestHash: createHash('sha256')
      .update(JSON.stringify([request.url, request.body ?? null]))
      .digest('hex'),
    claim: hexFromBytes(random(16)),
    claimedAtMs,
    expiresAtMs: claimedAtMs + KEPT_FOR_MS,
  }
}

/**
 * What was answered before; `undefined` for whoever has to carry it out.
 *
 * @throws {PoolError} ERR_POOL_IDEMPOTENCY_REUSED, ERR_POOL_IDEMPOTENCY_PENDING
 */
async function answerOf(
  wanted: IdempotencyClaim,
  { store }: IdempotencyOptions,
): Promise<StoredAnswer | undefined> {
  for (let waitedMs = 0; ; waitedMs += POLL_INTERVAL_MS) {
    const held = await store.claim(wanted, wanted.claimedAtMs - ABANDONED_AFTER_MS)
    if (held.claim === wanted.claim) return undefined
    if (held.requestHash !== wanted.requestHash)
      throw new PoolError(
        'ERR_POOL_IDEMPOTENCY_REUSED',
        'The Idempotency-Key was used for another request in the last 24 hours.',
      )
    if (held.answer !== undefined) return held.answer
    if (waitedMs >= WAIT_MS)
      throw new PoolError(
        'ERR_POOL_IDEMPOTENCY_PENDING',
        'The request of this Idempotency-Key is being carried out.',
      )
    await setTimeout(POLL_INTERVAL_MS)
  }
}

/** @throws {PoolError} ERR_POOL_IDEMPOTENCY_SECRET */
function sendAgain({ status, body }: StoredAnswer, reply: FastifyReply): FastifyReply {
  if (body === undefined)
    throw new PoolError(
      'ERR_POOL_IDEMPOTENCY_SECRET',
      'The request was carried out. Its answer held a secret, which is told once: rotate it to get another one.',
    )
  return reply
    .code(status)
    .header('idempotency-replayed', 'true')
    .header('content-type', 'application/json; charset=utf-8')
    .send(body)
}
