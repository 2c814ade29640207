import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'

import { codeOf } from '#base'

/** Only the owner reads and writes. */
const PRIVATE_MODE = 0o600

/** Writes a file of mode 0600 whole or not at all: a process killed half-way leaves the old one. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  {
    await using file = await open(temporary, 'w', PRIVATE_MODE)
    // A leftover of an earlier process with this id keeps its own mode.
    await file.chmod(PRIVATE_MODE)
    await file.writeFile(content)
    await file.sync()
  }
  await rename(temporary, path)
}

/** Reads the secret in a file, making a random one first when there is no file. */
export async function keptSecret(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trimEnd()
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  // Alphanumeric with two marks, 32 characters: also fits OCPP's BasicAuthPassword (16 to 40 characters).
  const secret = randomBytes(24).toString('base64url')
  await writePrivateFile(path, `${secret}\n`)
  return secret
}
