/** A PKCS#11 token in software (SoftHSM 2), in a directory of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

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

/** Builds `faulty-module.c` in `directory`, where the files are made that tell it what to do; its path. */
export async function buildFaultyModule(directory: string): Promise<string> {
  const module = join(directory, 'faulty.so')
  const source = pathOf('../pki/testing/faulty-module.c')
  const headers = pathOf('../node_modules/pkcs11js/includes/pkcs11')
  const defines = [`-DMODULE="${SOFT_HSM_MODULE ?? ''}"`, `-DFOLDER="${directory}"`]
  await run('gcc', [...defines, `-I${headers}`, '-shared', '-fPIC', '-o', module, source, '-ldl'])
  return module
}

const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

const softHsmUtil = (words: readonly string[]): Promise<void> => run('softhsm2-util', words)

async function run(command: string, words: readonly string[]): Promise<void> {
  const [exitCode] = await once(spawn(command, words, { stdio: 'ignore' }), 'close')
  if (exitCode !== 0) throw new Error(`${command} ${words[0]} failed`)
}
