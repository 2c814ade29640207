import { setTimeout } from 'node:timers/promises'

import { Client } from 'pg'

import type { Leadership } from '../storage-port.ts'
import type { PostgresConnectionConfig } from './postgres-connection.ts'
import { storageErrorOf } from './postgres-errors.ts'

/** Advisory locks of two numbers are apart from those of one, which vehicles are locked with. */
const LOCK = '7401, 1'
/** How often the leader asks whether its connection still is. */
const HEARTBEAT_MS = 2_000
/** It gives up after this; PostgreSQL gives the lock to another one only after the time limits below, which are longer. */
const HEARTBEAT_TIMEOUT_MS = 5_000
/** When a leader's machine is gone without a word: 10 s + 3 × 5 s. */
const KEEPALIVES =
  'SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3'

/** Leads for as long as a connection of its own lives: PostgreSQL frees the lock of a session that ends. */
export async function tryLeadPostgres(config: PostgresConnectionConfig): Promise<Leadership | undefined> {
  const client = new Client({ ...config, query_timeout: HEARTBEAT_TIMEOUT_MS })
  const lost = new AbortController()
  client.on('error', () => lost.abort())
  client.on('end', () => lost.abort())
  try {
    await client.connect()
    await client.query(KEEPALIVES)
    const { rows } = await client.query<{ leads: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS leads`)
    if (rows[0]?.leads === true) return leadership(client, lost)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw storageErrorOf(error)
  }
  await client.end()
  return undefined
}

function leadership(client: Client, lost: AbortController): Leadership {
  const ended = new AbortController()
  const heartbeat = beat(client, AbortSignal.any([ended.signal, lost.signal])).catch(() => lost.abort())
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      client.removeAllListeners('end')
      ended.abort()
      await heartbeat
      await client.end().catch(() => undefined)
    },
  }
}

async function beat(client: Client, ended: AbortSignal): Promise<void> {
  while (!ended.aborted) {
    await client.query('SELECT 1')
    await setTimeout(HEARTBEAT_MS, undefined, { signal: ended, ref: false }).catch(() => undefined)
  }
}
