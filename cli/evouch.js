#!/usr/bin/env node
/**
 * The `evouch` command. TypeScript runs natively on Node 24; a machine's own Node may be older, so this file,
 * plain JavaScript that any Node >= 20 reads, hands over to the Node that `npm ci` installed.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const NODE_MAJOR_MIN = 24
const main = fileURLToPath(new URL('./evouch.ts', import.meta.url))

if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  await import(main)
} else {
  const node = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
  if (existsSync(node)) {
    const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.on('exit', (code, signal) => {
      process.exitCode = code ?? (signal === null ? 1 : 128)
    })
  } else {
    console.error(
      `ERR_CLI_NODE_TOO_OLD: needs Node ${NODE_MAJOR_MIN} or newer, this is ${process.version}; run "npm ci" first`,
    )
    process.exitCode = 2
  }
}
