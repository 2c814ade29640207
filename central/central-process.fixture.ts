import type { CentralConfig } from './config.ts'
import { startProcess, type TestProcess } from './storage/process.fixture.ts'

export interface CentralProcess extends Pick<TestProcess, 'kill'>, AsyncDisposable {
  readonly url: string
}

/** A central in a process of its own, on the database of the config, which others may be using at the same time. */
export async function startCentralProcess(config: CentralConfig): Promise<CentralProcess> {
  const process = await startProcess(
    `import { startCentral } from '${import.meta.resolve('./start-central.ts')}'
     import { createLogger } from '${import.meta.resolve('../service/index.ts')}'
     import { systemClock, systemRandom } from '${import.meta.resolve('../base/index.ts')}'
     const logger = createLogger({ name: 'central', level: 'silent' })
     const ports = { logger, clock: systemClock, random: systemRandom }
     const central = await startCentral(${JSON.stringify(config)}, ports)
     process.send(central.url)`,
  )
  return {
    url: String(process.said),
    kill: process.kill,
    [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
  }
}
