import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseInput, readInput } from './input.ts'

const EXI = Uint8Array.from([0x80, 0x98, 0x02, 0x1a])

async function* stream(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

test.each([
  ['raw', EXI],
  ['hex', Buffer.from('8098021a\n')],
  ['hex', Buffer.from('80 98\n02 1A')],
  ['base64', Buffer.from('gJgC\r\nGg==\n')],
] as const)('tells %s from the others', (form, bytes) => {
  expect(parseInput(bytes)).toEqual({ form, bytes: EXI })
})

test('recognizes XML, also behind a byte order mark', () => {
  expect(parseInput(Buffer.from(' <V2G_Message/>')).form).toBe('xml')
  expect(parseInput(Buffer.from('\u{FEFF}<?xml version="1.0"?>')).form).toBe('xml')
})

test('finds every EXI stream again in each of its forms', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (rest) => {
      const bytes = Uint8Array.from([0x80, ...rest])
      const buffer = Buffer.from(bytes)
      for (const text of [buffer.toString('hex'), buffer.toString('base64')])
        expect(parseInput(Buffer.from(text)).bytes).toEqual(bytes)
      expect(parseInput(bytes)).toEqual({ form: 'raw', bytes })
    }),
  )
})

test.each([
  ['nothing at all', ''],
  ['text', 'hello'],
  ['hex of something else', '1f8b08'],
])('refuses %s', (_what, text) => {
  expect(() => parseInput(Buffer.from(text))).toThrow(expect.objectContaining({ code: 'ERR_CLI_INPUT_FORM' }))
})

test('refuses base64 and hex that break off', () => {
  for (const text of ['gJgCGg=', '8098021'])
    expect(() => parseInput(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'ERR_CLI_INPUT_FORM' }),
    )
})

test('reads a file, standard input or the text of the argument itself', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'evouch-input-')), 'message.exi')
  await writeFile(file, EXI)
  const standardInput = stream(EXI.subarray(0, 1), EXI.subarray(1))
  expect(await readInput(file, { standardInput })).toEqual({ form: 'raw', bytes: EXI })
  expect(await readInput('gJgCGg==', { standardInput })).toEqual({ form: 'base64', bytes: EXI })
  expect(await readInput('8098021a', { standardInput })).toEqual({ form: 'hex', bytes: EXI })
  expect(await readInput('-', { standardInput })).toMatchObject({ form: 'raw' })
})

test('says what is wrong with the source', async () => {
  const standardInput = stream(new Uint8Array(1024 * 1024 + 1))
  await expect(readInput('/nowhere/message.exi', { standardInput })).rejects.toMatchObject({
    code: 'ERR_CLI_INPUT_FILE',
  })
  await expect(readInput(tmpdir(), { standardInput })).rejects.toMatchObject({ code: 'ERR_CLI_INPUT_FILE' })
  await expect(readInput('-', { standardInput })).rejects.toMatchObject({ code: 'ERR_CLI_INPUT_TOO_LARGE' })
})
