/** A PKCS#11 token in software (SoftHSM 2), in a directory of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const MODULES = [
  '/usr/lib/softhsm/libsofthsm2.so',
  '/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so',
  '/usr/local/lib/softhsm/libsofthsm2.so',
  '/opt/homebrew/lib/softhsm/libsofthsm2.so',
]

/** The module where it is installed; with CI set always one, so that a test that needs it fails and is not skipped. */
export const SOFT_HSM_MODULE: string | undefined =
  MODULES.find((file) => existsSync(file)) ?? ((process.env['CI'] ?? '') === '' ? undefined : MODULES[0])

/** Makes a token in `directory`. Until disposed, SOFTHSM2_CONF of this process points there. */
export async function initToken(
  directory: string,
  { label, pin }: { readonly label: string; readonly pin: string },
): Promise<Disposable> {
  const tokens = join(directory, 'tokens')
  await mkdir(tokens)
  await writeFile(join(directory, 'softhsm2.conf'), `directories.tokendir = ${tokens}\nlog.level = ERROR\n`)
  const before = process.env['SOFTHSM2_CONF']
  process.env['SOFTHSM2_CONF'] = join(directory, 'softhsm2.conf')
  const words = ['--init-token', '--free', '--label', label, '--pin', pin, '--so-pin', '24680']
  await softHsmUtil(words)
  return {
    [Symbol.dispose]: () => {
      if (before === undefined) delete process.env['SOFTHSM2_CONF']
      else process.env['SOFTHSM2_CONF'] = before
    },
  }
}

/** Brings a key in a file (PKCS#8) to a token. */
export async function importKey(
  file: string,
  { label, pin, keyLabel }: { readonly label: string; readonly pin: string; readonly keyLabel: string },
): Promise<void> {
  await softHsmUtil(['--import', file, '--token', label, '--pin', pin, '--label', keyLabel, '--id', 'A1'])
}

async function softHsmUtil(words: readonly string[]): Promise<void> {
  const [exitCode] = await once(spawn('softhsm2-util', words, { stdio: 'ignore' }), 'close')
  if (exitCode !== 0) throw new Error(`softhsm2-util ${words[0]} failed`)
}
