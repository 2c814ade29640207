import { type Command } from 'commander'

import { systemClock, systemRandom } from '#base'
import { CentralConfig, startCentral } from '#central'
import { createLogger, loadConfig, runUntilSignal } from '#service'

import { portInUse } from './port-in-use.ts'

/** Adds `evouch central`. */
export function addCentralCommand(parent: Command): void {
  parent
    .command('central')
    .description('Run the pools (RCP, PCP, CPS, CCP) over HTTPS. Ends on SIGINT or SIGTERM.')
    .requiredOption('--config <file>', 'YAML, see config/central.yaml')
    .action(async ({ config: file }: { config: string }) => {
      const config = await loadConfig(file, CentralConfig)
      const logger = createLogger({ name: 'central', level: config.log.level })
      const ports = { logger, clock: systemClock, random: systemRandom }
      const central = await startCentral(config, ports).catch(portInUse(`listen.port in ${file}`))
      await runUntilSignal(central)
      logger.info('central stopped')
    })
}
