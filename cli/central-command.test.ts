import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { systemClock, systemRandom } from '#base'
import { createThrowawayPki, writePkiDirectory } from '#pki'

const LAUNCHER = fileURLToPath(new URL('evouch.js', import.meta.url))

let folder: string
let config: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-central-command-'))
  config = join(folder, 'central.yaml')
  const pki = await createThrowawayPki({ clock: systemClock, random: systemRandom })
  await writePkiDirectory(join(folder, 'pki'), pki)
  await writeFile(join(folder, 'secret'), 'of the only client', { mode: 0o600 })
})
afterAll(() => rm(folder, { recursive: true }))

const SIGNER = {
  certificateFile: 'pki/cps/leaf.pem',
  subCertificateFiles: ['pki/cps/sub2.pem', 'pki/cps/sub1.pem'],
  rootFile: 'pki/v2g/root.pem',
  privateKeyFile: 'pki/cps/leaf.key.pem',
}

/** Writes the config with these signers; JSON is YAML. */
async function writeSigners(...signers: readonly object[]): Promise<void> {
  const value = {
    listen: { port: 0 },
    tls: { certificateFile: 'pki/tls/central.pem', privateKeyFile: 'pki/tls/central.key.pem' },
    database: { url: 'sqlite:central.sqlite' },
    token: { keyFile: 'token.key.pem' },
    clients: [{ clientId: 'admin', secret: { file: 'secret' }, roles: ['ADMIN'] }],
    cps: { signers },
  }
  await writeFile(config, JSON.stringify(value))
}

test('SIGHUP takes the changed signers; a mistake in them leaves the old ones and the program alone', async () => {
  await writeSigners(SIGNER)
  const child = spawn(process.execPath, [LAUNCHER, 'central', '--config', config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  using cleanup = new DisposableStack()
  cleanup.defer(() => void child.kill('SIGKILL'))
  const lines = linesOf(child)
  expect(await lines.next('CPS signer')).toMatchObject({ state: 'ACTIVE' })
  await lines.next('central listens')

  await writeSigners({ ...SIGNER, usableFrom: '2020-01-01T00:00:00Z', usableUntil: '2021-01-01T00:00:00Z' })
  child.kill('SIGHUP')
  expect(await lines.next('the config cannot be used')).toMatchObject({
    level: 'error',
    code: 'ERR_CENTRAL_SIGNER',
  })

  const hourMs = 3_600_000
  const usableFrom = new Date(Date.now() + hourMs).toISOString().replace(/\.\d+Z$/, 'Z')
  await writeSigners({ ...SIGNER, usableFrom })
  child.kill('SIGHUP')
  expect(await lines.next('CPS signer')).toMatchObject({ state: 'STANDBY', usableFrom: expect.any(String) })

  child.kill('SIGTERM')
  expect(await once(child, 'close')).toEqual([0, null])
})

/** Reads JSON lines from a program until one begins with a message. */
function linesOf({ stdout }: ChildProcess): { next: (message: string) => Promise<unknown> } {
  if (stdout === null) throw new TypeError('standard output is piped')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  return {
    next: async (message) => {
      for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
        const entry: { readonly msg: string } = JSON.parse(line.value)
        if (entry.msg.startsWith(message)) return entry
      }
      throw new Error(`the program ended without "${message}"`)
    },
  }
}
