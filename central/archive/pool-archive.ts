import { readSecret } from '#service'

import type { CentralConfig } from '../config.ts'
import { openStorage } from '../storage/open-storage.ts'
import type { SqlStorage } from '../storage/sql-storage.ts'
import { exportArchive, type ArchiveOptions } from './export-archive.ts'
import { importArchive } from './import-archive.ts'

type DatabaseConfig = CentralConfig['database']
type Counts = Readonly<Record<string, number>>

/** {@link exportArchive} of a configured database, which is brought to the present schema first. */
export async function exportPool(config: DatabaseConfig, options: ArchiveOptions): Promise<Counts> {
  await using storage = await openConfigured(config)
  return await exportArchive(storage.database, options)
}

/**
 * {@link importArchive} into a configured database, which is made where it is a file.
 *
 * @throws {ArchiveError}
 */
export async function importPool(
  config: DatabaseConfig,
  options: ArchiveOptions & { readonly beside?: boolean },
): Promise<Counts> {
  await using storage = await openConfigured(config)
  return await importArchive(storage.database, options)
}

async function openConfigured({ url, password }: DatabaseConfig): Promise<SqlStorage> {
  return await openStorage({ url, password: password && (await readSecret(password)).reveal() })
}
