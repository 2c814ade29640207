import { open, rename, rm } from 'node:fs/promises'
import { backup, DatabaseSync } from 'node:sqlite'

/** Per step: the progress is told after each, and it takes milliseconds. */
const PAGES_PER_STEP = 1_000

export interface BackupOptions {
  readonly file: string
  /** In pages of the database. */
  readonly onProgress?: ((progress: { readonly done: number; readonly all: number }) => void) | undefined
}

/**
 * Copies a SQLite database as of one moment while others write to it, into a file for its owner alone, which has the
 * name when it is whole and on the disk. What has the name already is replaced.
 */
export async function backUpSqlite(database: string, { file, onProgress }: BackupOptions): Promise<void> {
  const draft = `${file}.part`
  await rm(draft, { force: true })
  try {
    await using handle = await open(draft, 'wx', 0o600)
    await copy(database, { file: draft, onProgress })
    await handle.sync()
    await rename(draft, file)
  } finally {
    await rm(draft, { force: true })
  }
}

async function copy(database: string, { file, onProgress }: BackupOptions): Promise<void> {
  using source = new DatabaseSync(database, { readOnly: true })
  // Holds the moment: without it, every write of others would begin the copy again, under load without end.
  source.exec('BEGIN; SELECT 1 FROM sqlite_schema')
  await backup(source, file, {
    rate: PAGES_PER_STEP,
    progress: ({ totalPages, remainingPages }) =>
      onProgress?.({ done: totalPages - remainingPages, all: totalPages }),
  })
}
