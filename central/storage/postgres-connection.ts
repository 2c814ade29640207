import { TypeOverrides, types, type ClientConfig } from 'pg'

import type { StorageOptions } from './open-storage.ts'

/** Longest wait for a new connection, or a free one. */
const CONNECT_TIMEOUT_MS = 5_000
/** Statements of requests take milliseconds unless something is wrong. */
const STATEMENT_TIMEOUT_MS = 15_000
/** For a lock that another transaction holds. */
const LOCK_TIMEOUT_MS = 10_000
/** A process that stopped in the middle of a transaction does not keep its locks for longer. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000
/** The server has given up before; this is for a network that swallows what is sent. */
const ANSWER_TIMEOUT_MS = 20_000

export type PostgresConnectionConfig = ClientConfig

/** How every connection is opened. A parameter of the same name in the URL comes before these. */
export function connectionConfig({ url, password }: StorageOptions): PostgresConnectionConfig {
  return {
    connectionString: withPassword(url, password),
    application_name: 'evouch-central',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: typesOfBothEngines(),
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
  }
}

/** The same for migrations and archives: the larger the tables, the longer they take, and others wait for them. */
export function patientConfig(options: StorageOptions): PostgresConnectionConfig {
  const config = connectionConfig(options)
  return {
    ...config,
    statement_timeout: 0,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: 0,
    query_timeout: 0,
  }
}

/** The client takes a password beside a URL for absent, so it goes into it, as a parameter: some URLs have no host. */
export function withPassword(url: string, password: string | undefined): string {
  if (password === undefined) return url
  const complete = new URL(url)
  complete.searchParams.set('password', password)
  return complete.href
}

/** Numbers and bytes as SQLite gives them. */
function typesOfBothEngines(): TypeOverrides {
  const overrides = new TypeOverrides()
  overrides.setTypeParser(types.builtins.INT8, safeInteger)
  overrides.setTypeParser(types.builtins.BYTEA, bytesOf)
  return overrides
}

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new TypeError(`an integer beyond 2^53: ${text}`)
  return value
}

/** `\x` and hexadecimal digits. */
function bytesOf(text: string): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.from(text.slice(2), 'hex')
  return new Uint8Array(buffer, byteOffset, length)
}
