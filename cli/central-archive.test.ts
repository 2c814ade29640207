import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Readable } from 'node:stream'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { runCommand } from './command.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-central-archive-'))
  file = join(folder, 'archive')
})
afterEach(() => rm(folder, { recursive: true }))

/** Of a central whose database this is; JSON is YAML. */
async function configOf(url: string): Promise<string> {
  const config = join(folder, 'central.yaml')
  const value = {
    tls: { certificateFile: 'tls.pem', privateKeyFile: 'tls.key.pem' },
    database: { url },
    token: { keyFile: 'token.key.pem' },
    clients: [{ clientId: 'admin', secret: { file: 'secret' }, roles: ['ADMIN'] }],
    cps: {
      signers: [
        {
          certificateFile: 'cps.pem',
          subCertificateFiles: ['sub.pem'],
          rootFile: 'root.pem',
          privateKeyFile: 'cps.key.pem',
        },
      ],
    },
  }
  await writeFile(config, JSON.stringify(value))
  return config
}

async function central(command: string, url: string, ...args: readonly string[]) {
  let [output, errors] = ['', '']
  const exitCode = await runCommand(['central', command, '--database-of', await configOf(url), ...args], {
    standardInput: Readable.from([]),
    errorIsTerminal: false,
    writeOutput: (text) => void (output += text),
    writeError: (text) => void (errors += text),
  })
  return { exitCode, output, errors }
}

/** A migrated pool with a root. */
async function fill(name: string): Promise<void> {
  await central('migrate', `sqlite:${name}`)
  using database = new DatabaseSync(join(folder, name))
  database
    .prepare('INSERT INTO root (id, fingerprint, root_type, certificate, added_at_ms) VALUES (?, ?, ?, ?, ?)')
    .run('1', 'ab', 'V2G', Uint8Array.of(0x30), 1)
}

function rootsOf(name: string): readonly unknown[] {
  using database = new DatabaseSync(join(folder, name))
  return database.prepare('SELECT id, fingerprint FROM root').all()
}

test('migrate tells what it applied, and --check what is due by its exit code', async () => {
  const url = 'sqlite:pool.sqlite'
  const { exitCode, output } = await central('migrate', url)
  expect(exitCode).toBe(0)
  expect(output).toMatch(/^(applied \d{4}-[a-z-]+\n)+$/)
  expect(await central('migrate', url)).toEqual({ exitCode: 0, output: 'nothing was due\n', errors: '' })
  expect(await central('migrate', url, '--check')).toEqual({ exitCode: 0, output, errors: '' })

  const last = output.trim().split('\n').at(-1)?.replace('applied ', '') ?? ''
  using database = new DatabaseSync(join(folder, 'pool.sqlite'))
  database.prepare('DELETE FROM kysely_migration WHERE name = ?').run(last)
  const due = { exitCode: 1, output: output.replace(`applied ${last}`, `due ${last}`), errors: '' }
  expect(await central('migrate', url, '--check')).toEqual(due)
  expect(await central('migrate', url, '--check')).toEqual(due)
  const refused = await central('export', url, file)
  expect(refused).toMatchObject({ exitCode: 1, output: '' })
  expect(refused.errors).toMatch(/^ERR_ARCHIVE_MIGRATE_FIRST: .*evouch central migrate.*\n$/)
})

test('a pool is exported and imported, once', async () => {
  await fill('pool.sqlite')
  const written = await central('export', 'sqlite:pool.sqlite', file)
  expect(written).toMatchObject({ exitCode: 0, errors: '' })
  expect(written.output).toMatch(/^root: 1$/m)
  expect(written.output).toMatch(/^\d+ rows written$/m)

  const read = await central('import', 'sqlite:other.sqlite', file)
  expect(read).toEqual({ ...written, output: written.output.replace('written', 'read') })
  expect(rootsOf('other.sqlite')).toEqual(rootsOf('pool.sqlite'))
  const again = await central('import', 'sqlite:other.sqlite', file)
  expect(again).toMatchObject({ exitCode: 1, output: '' })
  expect(again.errors).toMatch(/^ERR_ARCHIVE_NOT_EMPTY: /)
})

test('an archive that is none fails in one line', async () => {
  await writeFile(file, 'none')
  const { exitCode, errors } = await central('import', 'sqlite:pool.sqlite', file)
  expect(exitCode).toBe(1)
  expect(errors).toMatch(/^ERR_ARCHIVE_DAMAGED: [^\n]+\n$/)
})

test('a backup is a database of its own', async () => {
  await fill('pool.sqlite')
  const backup = await central('backup', 'sqlite:pool.sqlite', join(folder, 'copy.sqlite'))
  expect(backup).toEqual({
    exitCode: 0,
    output: `backup written to ${join(folder, 'copy.sqlite')}\n`,
    errors: '',
  })
  expect((await stat(join(folder, 'copy.sqlite'))).mode & 0o777).toBe(0o600)
  expect(rootsOf('copy.sqlite')).toEqual(rootsOf('pool.sqlite'))
})

test('of a database that cannot be backed up here, or is not there, nothing is written', async () => {
  const postgres = await central('backup', 'postgres://nobody@localhost/none', file)
  expect(postgres).toMatchObject({ exitCode: 1, output: '' })
  expect(postgres.errors).toMatch(/^ERR_ARCHIVE_BACKUP_ENGINE: .*pg_dump/)
  for (const command of ['backup', 'export']) {
    const { exitCode, errors } = await central(command, 'sqlite:none.sqlite', file)
    expect(exitCode).toBe(1)
    expect(errors).toMatch(/^ERR_STORAGE_UNREACHABLE: /)
  }
  for (const name of [file, join(folder, 'none.sqlite')])
    await expect(readFile(name)).rejects.toMatchObject({ code: 'ENOENT' })
})
