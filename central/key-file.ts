import { randomUUID } from 'node:crypto'
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

import { codeOf } from '#base'

import { CentralError } from './start-error.ts'

/**
 * The text of a file that only its owner can read; where there is none, it is made with what `make` gives. Of several
 * programs that start together one makes it, and all read the same.
 *
 * @throws {CentralError} ERR_CENTRAL_KEY_FILE
 */
export async function readOrMakeKeyFile(file: string, make: () => string): Promise<string> {
  const there = await readKeyFile(file)
  if (there !== undefined) return there
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${randomUUID()}`
  try {
    await writeDraft(draft, make())
    // Unlike a rename, a link does not replace what another program has made meanwhile.
    await link(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw unusable(file, error)
  } finally {
    await rm(draft, { force: true })
  }
  const made = await readKeyFile(file)
  if (made === undefined) throw unusable(file, undefined)
  return made
}

async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(file)
    if ((mode & 0o077) !== 0)
      throw new CentralError('ERR_CENTRAL_KEY_FILE', `${file} is readable for others: make its mode 0600`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error instanceof CentralError ? error : unusable(file, error)
  }
}

async function writeDraft(file: string, text: string): Promise<void> {
  await using handle = await open(file, 'w', 0o600)
  await handle.writeFile(text)
  await handle.sync()
}

function unusable(file: string, cause: unknown): CentralError {
  return new CentralError('ERR_CENTRAL_KEY_FILE', `cannot use ${file}: ${codeOf(cause) ?? 'no such file'}`, {
    cause,
  })
}
