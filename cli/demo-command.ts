import { relative } from 'node:path'

import { type Command, InvalidArgumentError } from 'commander'

import { runUntilSignal } from '#service'

import { narrationTo } from './demo/narration.ts'
import { type Demo, startDemo } from './demo/run-demo.ts'
import { type CommandIo } from './io.ts'

/** The gateway takes the port base, central the one after it. */
const PORT_BASE = 7400
const PORT_BASE_MAX = 65_534

/** Adds `evouch demo`, which `npm start` runs. */
export function addDemoCommand(parent: Command, io: CommandIo): void {
  parent
    .command('demo')
    .description('Start central and gateway here, have one vehicle get its contract, and keep serving.')
    .option('--once', 'end after the installation')
    .option('--data <dir>', 'where PKI, secrets, configs, databases and logs are kept', 'data')
    .option('--port-base <n>', 'port of the gateway; central takes the next one', portBase, PORT_BASE)
    .action(async ({ once = false, data, portBase: base }: DemoOptions) => {
      const narration = narrationTo(io)
      await using demo = await startDemo({ data, ports: { gateway: base, central: base + 1 }, narration })
      io.writeOutput(verifiedText(demo))
      if (once) return
      io.writeOutput(readyText(demo))
      await runUntilSignal(demo)
    })
}

interface DemoOptions {
  readonly once?: boolean
  readonly data: string
  readonly portBase: number
}

function verifiedText({ contract }: Demo): string {
  const chain = contract.cpsPath.map(({ commonName }) => commonName).join(' → ')
  return `\ncontract ${contract.emaid} is installed and can be used; vouched for by ${chain}\n`
}

function readyText({ endpoints: { gateway, central }, files }: Demo): string {
  return (
    `endpoints and secrets for clients of your own: ${relative('', files.endpoints)}; Ctrl-C to end\n` +
    `ready gateway=${gateway.url} central=${central.baseUrl}\n`
  )
}

function portBase(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= PORT_BASE_MAX) return value
  throw new InvalidArgumentError(`must be a port from 1 to ${PORT_BASE_MAX}.`)
}
