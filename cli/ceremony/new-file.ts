import { link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

import { codeOf } from '#base'

import { CeremonyError } from './ceremony-error.ts'

/**
 * Writes a file that does not exist yet, whole or not at all, and on the disk when this resolves.
 *
 * @throws {CeremonyError} ERR_CEREMONY_CONFLICT when it exists, which is left as it is
 */
export async function writeNewFile(
  file: string,
  { content, mode }: { readonly content: string; readonly mode: number },
): Promise<void> {
  const draft = `${file}.new`
  // A draft is what a run that was interrupted left behind.
  await rm(draft, { force: true })
  {
    await using handle = await open(draft, 'wx', mode)
    await handle.writeFile(content)
    await handle.sync()
  }
  try {
    // Unlike a rename, a link never replaces what is there.
    await link(draft, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    throw new CeremonyError('ERR_CEREMONY_CONFLICT', `${file} exists`, { cause: error })
  } finally {
    await rm(draft)
  }
  // The name is an entry of the folder, which has to reach the disk too.
  await using folder = await open(dirname(file))
  await folder.sync()
}
