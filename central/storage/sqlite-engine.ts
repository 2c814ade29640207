import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import type { Leadership } from '../storage-port.ts'
import { SQLITE_DDL } from './ddl.ts'
import type { Engine } from './engine.ts'
import { openSqliteDialect } from './sqlite-dialect.ts'

const MEMORY = ':memory:'

/**
 * SQLite in a file. Its files are for their owner alone: they tell who drives which car on whose contract. Nothing is
 * transient: a transaction that could begin has the database for itself.
 */
export async function openSqliteEngine(file: string): Promise<Engine> {
  if (file !== MEMORY) await makeFile(file)
  return {
    ddl: SQLITE_DDL,
    dialect: openSqliteDialect(file),
    isTransient: () => false,
    tryLead: file === MEMORY ? inMemoryLeadership() : () => tryLeadBy(`${file}-leader`),
  }
}

/** SQLite would make it readable for everybody; its companions (WAL, shared memory) get the mode of the file. */
async function makeFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(file, 'a', 0o600)
  await handle.close()
}

/** An empty database whose lock is held: the system lets go of it when the process ends, however it ends. */
async function tryLeadBy(file: string): Promise<Leadership | undefined> {
  await makeFile(file)
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    lock.close()
    if (isLocked(error)) return undefined
    throw error
  }
  return leadership(() => lock.close())
}

/** SQLITE_BUSY, https://www.sqlite.org/rescode.html#busy */
function isLocked(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}

function inMemoryLeadership(): () => Promise<Leadership | undefined> {
  let led = false
  return async () => {
    if (led) return undefined
    led = true
    return leadership(() => {
      led = false
    })
  }
}

/** A lock of the system is not lost while its process lives. */
function leadership(end: () => void): Leadership {
  const ended = new DisposableStack()
  ended.defer(end)
  return { lost: new AbortController().signal, [Symbol.asyncDispose]: async () => ended.dispose() }
}
