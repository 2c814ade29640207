/** The `evouch` command, started by `evouch.js` on a Node that runs TypeScript. */
import { runCommand } from './command.ts'
import { processIo } from './io.ts'

process.exitCode = await runCommand(process.argv.slice(2), processIo())
