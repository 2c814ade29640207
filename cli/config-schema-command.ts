import { Argument, type Command } from 'commander'

import { CentralConfig } from '#central'
import { ChargerEmulatorConfig } from '#charger-emulator'
import { GatewayConfig } from '#gateway'
import { configJsonSchema } from '#service'

import { type CommandIo } from './io.ts'

const SCHEMAS = {
  gateway: GatewayConfig,
  central: CentralConfig,
  'charger-emulator': ChargerEmulatorConfig,
} as const

type Program = keyof typeof SCHEMAS

/** Adds `evouch config-schema`. */
export function addConfigSchemaCommand(parent: Command, io: CommandIo): void {
  parent
    .command('config-schema')
    .description('Write the JSON Schema of a config file, for editors that complete and check YAML.')
    .addArgument(new Argument('<program>').choices(Object.keys(SCHEMAS)))
    .action((program: Program) => {
      const schema = configJsonSchema(SCHEMAS[program], { title: `EVouch ${program}` })
      io.writeOutput(`${JSON.stringify(schema, null, 2)}\n`)
    })
}
