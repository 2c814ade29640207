import { readFile } from 'node:fs/promises'

import { type Clock, messageOf } from '#base'
import { answerLocally, type ChargePointCall, OcppServer } from '#ocpp'
import { OpcpClient } from '#opcp'
import { parseCertificates, PathRevocation, privateKeyPem, readPrivateKey, revocationLog } from '#pki'
import { type Logger, readSecret } from '#service'

import { ChargePointPasswords } from './charge-point-passwords.ts'
import type { GatewayConfig } from './config.ts'
import { ContractInstallation, type InstallationRecord } from './contract-installation.ts'
import { GatewayError } from './errors.ts'
import { logInstallation, logNotification, logOcppEvent } from './event-log.ts'
import { RootCertificates } from './root-certificates.ts'

export interface GatewayPorts {
  readonly logger: Logger
  readonly clock: Clock
  /** Where `{ env: NAME }` secrets of the config come from; none when absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Told of every answered Get15118EVCertificate; must not throw. */
  readonly onInstallation?: (record: InstallationRecord) => void
}

/** A running gateway; disposing of it lets calls in progress finish, then closes everything. */
export interface Gateway extends AsyncDisposable {
  /** `wss://host:port/path`: charge points append `/` and their identity. */
  readonly url: string
}

/**
 * Starts the gateway, whether or not central can be reached. `config` is what `loadConfig` gives for GatewayConfig.
 *
 * @throws {ConfigError} ERR_CONFIG_SECRET; {GatewayError} ERR_GATEWAY_FILE; {PkiError} for PEM files, ERR_PKI_KEY_FILE_MODE
 * for a key that others may read; the system's
 * error when the port cannot be had
 */
export async function startGateway(config: GatewayConfig, ports: GatewayPorts): Promise<Gateway> {
  const { logger, clock, environment = {} } = ports
  const passwords = await ChargePointPasswords.read(config.ocpp.chargePoints, environment)
  await using stack = new AsyncDisposableStack()
  const client = stack.use(await openClient(config.central, ports))
  const roots = stack.use(
    await RootCertificates.open({
      pool: client,
      file: config.roots.file,
      refreshIntervalMs: config.roots.refreshIntervalSeconds * 1000,
      clock,
      logger,
    }),
  )
  const revocation = stack.use(
    await PathRevocation.open(config.revocation, { clock, ...revocationLog(logger) }),
  )
  const parts = { pool: client, roots, revocation, clock, logger }
  const installation = await openInstallation(config.installation, parts)
  const { host, port, path, limits } = config.ocpp
  const server = stack.use(
    await OcppServer.listen({
      host,
      port,
      path,
      limits,
      clock,
      tls: await readTls(config.ocpp.tls),
      subprotocols: ['ocpp2.0.1'],
      authenticate: (attempt) => passwords.authenticate(attempt),
      handle: handlerOf(config, installation, ports),
      onEvent: (event) => logOcppEvent(logger, event),
    }),
  )
  const url = `${config.ocpp.tls === undefined ? 'ws' : 'wss'}://${host}:${server.port}${path}`
  logger.info({ url, chargePoints: config.ocpp.chargePoints.length }, 'gateway listens')
  const resources = stack.move()
  return { url, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

function handlerOf(
  { ocpp: { heartbeatIntervalSeconds } }: GatewayConfig,
  installation: ContractInstallation,
  { clock, logger, onInstallation }: GatewayPorts,
): (call: ChargePointCall) => Promise<object> {
  return async (call) => {
    if (call.action !== 'Get15118EVCertificate') {
      const response = answerLocally(call, { clock, heartbeatIntervalSeconds })
      logNotification(logger, call)
      return response
    }
    const { response, record } = await installation.answer(call)
    logInstallation(logger, record)
    onInstallation?.(record)
    return response
  }
}

async function openClient(
  central: GatewayConfig['central'],
  { clock, environment = {} }: GatewayPorts,
): Promise<OpcpClient> {
  const { baseUrl, tokenUrl, audience, connectionsMax, certificateAuthoritiesFile } = central
  return new OpcpClient({
    baseUrl,
    tokenUrl,
    audience,
    connectionsMax,
    clock,
    clientId: (await readSecret(central.clientId, environment)).reveal(),
    clientSecret: (await readSecret(central.clientSecret, environment)).reveal(),
    certificateAuthorities:
      certificateAuthoritiesFile === undefined ? undefined : await readText(certificateAuthoritiesFile),
  })
}

async function openInstallation(
  { vehicleIntermediatesFile: file, ...limits }: GatewayConfig['installation'],
  parts: {
    pool: OpcpClient
    roots: RootCertificates
    revocation: PathRevocation
    clock: Clock
    logger: Logger
  },
): Promise<ContractInstallation> {
  const vehicleIntermediates = file === undefined ? [] : parseCertificates(await readText(file))
  return new ContractInstallation({ ...limits, ...parts, vehicleIntermediates })
}

async function readTls(
  tls: GatewayConfig['ocpp']['tls'],
): Promise<{ certificate: string; privateKey: string } | undefined> {
  if (tls === undefined) return undefined
  const privateKey = privateKeyPem(await readPrivateKey(tls.privateKeyFile))
  return { certificate: await readText(tls.certificateFile), privateKey }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new GatewayError('ERR_GATEWAY_FILE', `cannot read the file: ${messageOf(cause)}`, { cause })
  }
}
