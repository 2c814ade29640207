import { type Command, Option } from 'commander'

import { base64FromBytes, hexFromBytes } from '#base'
import { exiCodec } from '#iso15118'

import { CliError, unusableInput } from './failure.ts'
import { type Input, readInput, xmlText } from './input.ts'
import { type CommandIo } from './io.ts'

type SchemaName = 'iso2' | 'xmldsig'

interface ExiOptions {
  readonly schema: SchemaName
  readonly fragment?: boolean
  readonly base64?: boolean
  readonly hex?: boolean
}

/** Adds `evouch exi decode` and `evouch exi encode`. */
export function addExiCommand(parent: Command, io: CommandIo): void {
  const group = parent.command('exi').description('Translate ISO 15118 messages between EXI and XML.')
  withOptions(group.command('decode'))
    .description('Read EXI (raw, base64 or hex, detected) and write XML.')
    .argument('[source]', 'file, - for standard input, or the base64 or hex text itself', '-')
    .option('--base64', 'the input is base64: do not detect')
    .option('--hex', 'the input is hex: do not detect')
    .action(async (source: string, options: ExiOptions) => {
      const form = options.base64 === true ? 'base64' : options.hex === true ? 'hex' : undefined
      const input = await readInput(source, { form, standardInput: io.standardInput })
      io.writeOutput(decode(input, options))
    })
  withOptions(group.command('encode'))
    .description('Read XML and write EXI.')
    .argument('[source]', 'file, or - for standard input', '-')
    .option('--base64', 'write base64')
    .option('--hex', 'write hex')
    .action(async (source: string, options: ExiOptions) => {
      const input = await readInput(source, { form: 'xml', standardInput: io.standardInput })
      const exi = encode(xmlText(input), options)
      io.writeOutput(
        options.base64 === true
          ? `${base64FromBytes(exi)}\n`
          : options.hex === true
            ? `${hexFromBytes(exi)}\n`
            : exi,
      )
    })
}

function withOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--schema <name>', 'the grammar: V2G_CI_MsgDef or XML signature alone')
        .choices(['iso2', 'xmldsig'])
        .default('iso2'),
    )
    .option('--fragment', 'an element on its own, as signatures digest it, instead of a document')
}

function decode(input: Input, { schema, fragment = false }: ExiOptions): string {
  if (input.form === 'xml') throw new CliError('ERR_CLI_INPUT_FORM', 'the input is XML already')
  try {
    return `${exiCodec(schema).toXml(input.bytes, { fragment })}\n`
  } catch (error) {
    throw unusableInput(error)
  }
}

function encode(xml: string, { schema, fragment = false }: ExiOptions): Uint8Array {
  try {
    return exiCodec(schema).fromXml(xml, { fragment })
  } catch (error) {
    throw unusableInput(error)
  }
}
