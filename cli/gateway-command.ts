import { type Command } from 'commander'

import { systemClock } from '#base'
import { GatewayConfig, startGateway } from '#gateway'
import { createLogger, loadConfig, runUntilSignal } from '#service'

import { portInUse } from './port-in-use.ts'

/** Adds `evouch gateway`. */
export function addGatewayCommand(parent: Command): void {
  parent
    .command('gateway')
    .description('Run the gateway: OCPP to charge points, OPCP to the pools. Ends on SIGINT or SIGTERM.')
    .requiredOption('--config <file>', 'YAML, see config/gateway.yaml')
    .action(async ({ config: file }: { config: string }) => {
      const config = await loadConfig(file, GatewayConfig)
      const logger = createLogger({ name: 'gateway', level: config.log.level })
      const ports = { logger, clock: systemClock, environment: process.env }
      const gateway = await startGateway(config, ports).catch(portInUse(`ocpp.port in ${file}`))
      await runUntilSignal(gateway)
      logger.info('gateway stopped')
    })
}
