import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { runCommand } from './command.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-audit-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Made here, from the description of the format alone. */
function chain(length: number): readonly { readonly line: string; readonly hash: string }[] {
  let previous = '0'.repeat(64)
  return Array.from({ length }, (_, n) => {
    const record = JSON.stringify({ action: 'contract.put', seq: n + 1 })
    const hash = createHash('sha256').update(record).update(Buffer.from(previous, 'hex')).digest('hex')
    const line = `{"hash":"${hash}","prevHash":"${previous}","record":${record}}`
    previous = hash
    return { line, hash }
  })
}

async function verify(
  lines: readonly { readonly line: string }[],
  ...options: readonly string[]
): Promise<{ readonly exitCode: number; readonly output: string; readonly errors: string }> {
  const file = join(folder, 'export.jsonl')
  await writeFile(file, lines.map(({ line }) => `${line}\n`).join(''))
  return await run(file, ...options)
}

async function run(...args: readonly string[]) {
  let [output, errors] = ['', '']
  const exitCode = await runCommand(['central', 'audit', 'verify', ...args], {
    standardInput: Readable.from([]),
    errorIsTerminal: false,
    writeOutput: (text) => void (output += text),
    writeError: (text) => void (errors += text),
  })
  return { exitCode, output, errors }
}

test('a whole export passes, also by the hash of its last record', async () => {
  const records = chain(3)
  const last = records.at(-1)?.hash ?? ''
  expect(await verify(records, '--last', last)).toEqual({
    exitCode: 0,
    output: `3 records, nothing changed, removed or moved; the last has ${last}\n`,
    errors: '',
  })
})

test('the first broken record is named', async () => {
  const { exitCode, errors } = await verify(chain(4).toSpliced(1, 1))
  expect({ exitCode, errors }).toEqual({
    exitCode: 1,
    errors: 'ERR_AUDIT_BROKEN: record 2 of the chain is broken: it does not follow the record before it\n',
  })
})

test('records missing at the end are found by the hash of the last', async () => {
  const records = chain(3)
  const { exitCode, output } = await verify(records.slice(0, 2), '--last', records.at(-1)?.hash ?? '')
  expect(exitCode).toBe(1)
  expect(output).toContain('2 records follow each other, but the last of the chain is another one')
})

test('a file that cannot be read is unusable input', async () => {
  const { exitCode, errors } = await run(join(folder, 'none.jsonl'))
  expect(exitCode).toBe(2)
  expect(errors).toContain('ERR_CLI_INPUT_FILE')
})
