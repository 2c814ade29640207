import { readSecret } from '#service'

import type { CentralConfig } from '../config.ts'
import { migrate, migrationsOf } from '../storage/migrations.ts'
import { openUnmigrated, requireFile, sqliteFileOf, type StorageOptions } from '../storage/open-storage.ts'
import { ArchiveError } from './archive-error.ts'
import { backUpSqlite, type BackupOptions } from './backup-sqlite.ts'
import { exportArchive, type ArchiveOptions } from './export-archive.ts'
import { importArchive } from './import-archive.ts'

type DatabaseConfig = CentralConfig['database']
type Counts = Readonly<Record<string, number>>

/**
 * {@link exportArchive} of a configured database, of which nothing is changed.
 *
 * @throws {ArchiveError} ERR_ARCHIVE_MIGRATE_FIRST
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function exportPool(config: DatabaseConfig, options: ArchiveOptions): Promise<Counts> {
  const source = await optionsOf(config)
  await requireFile(source)
  await using opened = await openUnmigrated(source)
  const migrations = await migrationsOf(opened.database, opened.ddl)
  const due = migrations.filter(({ applied }) => !applied)
  if (due.length > 0)
    throw new ArchiveError(
      'ERR_ARCHIVE_MIGRATE_FIRST',
      `the database lacks ${due.map(({ name }) => name).join(', ')}: run "evouch central migrate" first, or export with the version it belongs to`,
    )
  return await exportArchive(opened.database, options)
}

/**
 * {@link importArchive} into a configured database, which is made where it is a file and migrated first.
 *
 * @throws {ArchiveError}
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function importPool(
  config: DatabaseConfig,
  options: ArchiveOptions & { readonly beside?: boolean },
): Promise<Counts> {
  await using opened = await openUnmigrated(await optionsOf(config))
  await migrate(opened.database, opened.ddl)
  return await importArchive(opened.database, options)
}

/** What brings a database to the present schema, in its order. */
export interface PoolMigrations {
  readonly applied: readonly string[]
  readonly due: readonly string[]
}

/**
 * The migrations of a configured database that is there; changes nothing.
 *
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function examinePool(config: DatabaseConfig): Promise<PoolMigrations> {
  const source = await optionsOf(config)
  await requireFile(source)
  await using opened = await openUnmigrated(source)
  const migrations = await migrationsOf(opened.database, opened.ddl)
  const named = (applied: boolean): readonly string[] =>
    migrations.filter((migration) => migration.applied === applied).map(({ name }) => name)
  return { applied: named(true), due: named(false) }
}

/**
 * Applies what is due to a configured database, which is made where it is a file; while others start, each once.
 *
 * @returns the names of what was applied
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function migratePool(config: DatabaseConfig): Promise<readonly string[]> {
  await using opened = await openUnmigrated(await optionsOf(config))
  return await migrate(opened.database, opened.ddl)
}

/**
 * {@link backUpSqlite} of a configured database, of whatever schema.
 *
 * @throws {ArchiveError} ERR_ARCHIVE_BACKUP_ENGINE
 * @throws {StorageError} ERR_STORAGE_UNREACHABLE
 */
export async function backUpPool(config: DatabaseConfig, options: BackupOptions): Promise<void> {
  const database = sqliteFileOf(config)
  if (database === undefined)
    throw new ArchiveError(
      'ERR_ARCHIVE_BACKUP_ENGINE',
      'only a SQLite file is backed up here: for PostgreSQL use pg_dump, or "evouch central export"',
    )
  await requireFile(config)
  await backUpSqlite(database, options)
}

async function optionsOf({ url, password }: DatabaseConfig): Promise<StorageOptions> {
  return { url, password: password && (await readSecret(password)).reveal() }
}
