import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

import { Kysely } from 'kysely'

import { migrate } from './migrations.ts'
import { openSqliteDialect } from './sqlite-dialect.ts'
import type { Tables } from './tables.ts'

export type Database = Kysely<Tables>

/**
 * Opens (and makes, and migrates) the embedded database; `:memory:` for one that ends with the process. Its files are
 * for their owner alone: they tell who drives which car on whose contract.
 */
export async function openDatabase(file: string): Promise<Database> {
  if (file !== ':memory:') await makeFile(file)
  const database = new Kysely<Tables>({ dialect: openSqliteDialect(file) })
  try {
    await migrate(database)
    return database
  } catch (error) {
    await database.destroy()
    throw error
  }
}

/** SQLite would make it readable for everybody; its companions (WAL, shared memory) get the mode of the file. */
async function makeFile(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(file, 'a', 0o600)
  await handle.close()
}
