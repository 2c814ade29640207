import { open, type FileHandle } from 'node:fs/promises'

import { bytesFromBase64, bytesFromHex, codeOf, concatBytes, messageOf } from '#base'

import { CliError } from './failure.ts'

/** A message of ISO 15118 is a few kilobytes; this leaves room for its XML and base64 forms. */
const INPUT_BYTES_MAX = 1024 * 1024

/** How the bytes were written down. */
export type InputForm = 'raw' | 'base64' | 'hex' | 'xml'

/** A message as it came in: its bytes (for `xml`, the UTF-8 text) and the form it was found in. */
export interface Input {
  readonly form: InputForm
  readonly bytes: Uint8Array
}

/**
 * Reads what a command was pointed at: a file, `-` or nothing for standard input, else the text of the argument itself
 * when it is base64 or hex.
 *
 * @throws {CliError} ERR_CLI_INPUT_FILE, ERR_CLI_INPUT_TOO_LARGE, ERR_CLI_INPUT_FORM
 */
export async function readInput(
  source: string,
  {
    form,
    standardInput,
  }: { readonly form?: InputForm | undefined; readonly standardInput: AsyncIterable<Uint8Array> },
): Promise<Input> {
  if (source === '-') return parseInput(await collect(standardInput, 'standard input'), form)
  let file: FileHandle
  try {
    file = await open(source)
  } catch (error) {
    const text =
      codeOf(error) === 'ENOENT' || codeOf(error) === 'ENAMETOOLONG' ? formOfText(source) : undefined
    if (text === 'base64' || text === 'hex') return parseInput(Buffer.from(source), form)
    const what =
      codeOf(error) === 'ENOENT' ? `no file ${source}, and not base64 or hex itself` : messageOf(error)
    throw new CliError('ERR_CLI_INPUT_FILE', what, { cause: error })
  }
  return parseInput(await collect(file.createReadStream(), source), form)
}

/**
 * Tells the form of a message from its bytes. There is no doubt between the forms, because every EXI stream of
 * ISO 15118 begins with 0x80: in hex that is `80`, in base64 it begins with `g`, which is no hex digit.
 *
 * @throws {CliError} ERR_CLI_INPUT_FORM
 */
export function parseInput(bytes: Uint8Array, expected?: InputForm): Input {
  const text = Buffer.from(bytes).toString('latin1')
  const form = expected ?? (bytes[0] === 0x80 ? 'raw' : formOfText(text))
  try {
    if (form === 'base64') return { form, bytes: bytesFromBase64(text.replace(/\s/g, ''), INPUT_BYTES_MAX) }
    if (form === 'hex') return { form, bytes: bytesFromHex(text.replace(/\s/g, '')) }
  } catch (error) {
    throw new CliError('ERR_CLI_INPUT_FORM', `the input is ${messageOf(error)}`, { cause: error })
  }
  if (form !== undefined) return { form, bytes }
  const what =
    bytes.length === 0 ? 'is empty' : 'is neither EXI (first byte 0x80) nor base64 or hex of it, nor XML'
  throw new CliError('ERR_CLI_INPUT_FORM', `the input ${what}`)
}

/**
 * The text of XML input.
 *
 * @throws {CliError} ERR_CLI_INPUT_FORM when it is not UTF-8
 */
export function xmlText({ bytes }: Pick<Input, 'bytes'>): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new CliError('ERR_CLI_INPUT_FORM', 'the XML is not UTF-8', { cause: error })
  }
}

function formOfText(text: string): InputForm | undefined {
  if (/^(?:\u00ef\u00bb\u00bf)?\s*</.test(text)) return 'xml'
  if (/^\s*80[0-9a-f\s]*$/i.test(text)) return 'hex'
  return /^\s*g[A-P][A-Za-z0-9+/\s]*=?\s*=?\s*$/.test(text) ? 'base64' : undefined
}

async function collect(stream: AsyncIterable<unknown>, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of stream) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a stream of bytes was expected')
      size += chunk.length
      if (size > INPUT_BYTES_MAX)
        throw new CliError('ERR_CLI_INPUT_TOO_LARGE', `${name}: more than ${INPUT_BYTES_MAX} bytes`)
      chunks.push(chunk)
    }
  } catch (error) {
    if (codeOf(error) === 'EISDIR')
      throw new CliError('ERR_CLI_INPUT_FILE', `${name} is a directory`, { cause: error })
    throw error
  }
  return concatBytes(...chunks)
}
