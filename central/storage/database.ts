import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'

import { Kysely } from 'kysely'

import { migrate } from './migrations.ts'
import { openSqliteDialect } from './sqlite-dialect.ts'
import type { Tables } from './tables.ts'

export type Database = Kysely<Tables>

/** Opens (and makes, and migrates) the embedded database; `:memory:` for one that ends with the process. */
export async function openDatabase(file: string): Promise<Database> {
  if (file !== ':memory:') await mkdir(dirname(file), { recursive: true })
  const database = new Kysely<Tables>({ dialect: openSqliteDialect(file) })
  try {
    await migrate(database)
    return database
  } catch (error) {
    await database.destroy()
    throw error
  }
}
