import { type Command } from 'commander'

import { codeOf, messageOf, systemClock, systemRandom } from '#base'
import { CentralConfig, startCentral, type Central } from '#central'
import { createLogger, loadConfig, runUntilSignal, type Logger } from '#service'

import { addArchiveCommands } from './central-archive.ts'
import { addAuditCommand } from './central-audit.ts'
import { addClientCommands } from './central-clients.ts'
import { addMigrateCommand } from './central-migrate.ts'
import { addParticipantCommands } from './central-participants.ts'
import { addRootCommands } from './central-roots.ts'
import { CliError, type Outcome } from './failure.ts'
import type { CommandIo } from './io.ts'
import { portInUse } from './port-in-use.ts'

/** Adds `evouch central`. */
export function addCentralCommand(parent: Command, io: CommandIo, outcome: Outcome): void {
  const command = parent
    .command('central')
    .description(
      'Run the pools (RCP, PCP, CPS, CCP) over HTTPS. SIGHUP reads keys, certificates and clients again; ends on SIGINT or SIGTERM.',
    )
    .option('--config <file>', 'YAML, see config/central.yaml')
    .action(async ({ config: file }: { config?: string }) => {
      // Not as Commander's own: it would ask the commands below for it as well.
      if (file === undefined)
        throw new CliError('ERR_CLI_USAGE', "required option '--config <file>' not specified")
      const config = await loadConfig(file, CentralConfig)
      const logger = createLogger({ name: 'central', level: config.log.level })
      const ports = { logger, clock: systemClock, random: systemRandom }
      const central = await startCentral(config, ports).catch(portInUse(`listen.port in ${file}`))
      // One after the other, so that the file as it was last is what stays.
      let reloading = Promise.resolve()
      const reload = (): void => {
        reloading = reloading.then(() => reloadConfig(central, { file, logger }))
      }
      process.on('SIGHUP', reload)
      await runUntilSignal(central)
      process.off('SIGHUP', reload)
      logger.info('central stopped')
    })
  addArchiveCommands(command, io)
  addAuditCommand(command, io, outcome)
  addMigrateCommand(command, io, outcome)
  addParticipantCommands(command, io)
  addClientCommands(command, io)
  addRootCommands(command, io)
}

/** A mistake in the changed file must not end a program that serves. */
async function reloadConfig(
  central: Central,
  { file, logger }: { readonly file: string; readonly logger: Logger },
): Promise<void> {
  try {
    await central.reload(await loadConfig(file, CentralConfig))
  } catch (error) {
    logger.error(
      { code: codeOf(error), reason: messageOf(error) },
      'the config cannot be used: keys, certificates and clients stay as they were',
    )
  }
}
