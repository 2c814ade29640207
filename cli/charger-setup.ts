import { access, readFile } from 'node:fs/promises'

import { messageOf } from '#base'
import { ChargerEmulatorConfig, type GatewayAccess, gatewayAccesses } from '#charger-emulator'
import { loadConfig, readSecret } from '#service'

import { readEndpoints } from './demo/endpoints.ts'
import { CliError } from './failure.ts'

/** Where a demo started in the same folder leaves its endpoints. */
export const ENDPOINTS_FILE = 'data/endpoints.json'

/** The options of `evouch charger install`, as commander gives them. */
export interface InstallOptions {
  readonly gateway?: string
  readonly vehicle?: string
  readonly identity?: string
  readonly passwordFile?: string
  readonly ca?: string
  readonly pki?: string
  readonly config?: string
  readonly endpoints?: string
}

/** What one installation needs. */
export interface InstallSetup {
  readonly gateway: GatewayAccess
  readonly vehicleDirectory: string
  /** Where faults take other certificates from. */
  readonly pkiDirectory?: string | undefined
}

/**
 * Puts together gateway, charge point and vehicle: what an option says comes first, the rest from a config file, or else
 * from the endpoints of a demo.
 *
 * @throws {CliError} ERR_CLI_USAGE when something is missing, naming the options; what reading the files throws
 */
export async function installSetup(options: InstallOptions): Promise<InstallSetup> {
  const base = options.config === undefined ? await fromEndpoints(options) : await fromConfig(options.config)
  const { identity, vehicle, passwordFile, ca, pki } = options
  const caPem = ca === undefined ? base.gateway?.caPem : await readText(ca)
  return {
    gateway: {
      url: required(options.gateway ?? base.gateway?.url, '--gateway'),
      identity: required(identity ?? base.gateway?.identity, '--identity'),
      password:
        passwordFile === undefined
          ? required(base.gateway?.password, '--password-file')
          : await readSecret({ file: passwordFile }),
      caPem,
    },
    vehicleDirectory: required(vehicle ?? base.vehicleDirectory, '--vehicle'),
    pkiDirectory: pki ?? base.pkiDirectory,
  }
}

async function fromConfig(file: string): Promise<Partial<InstallSetup>> {
  const config = await loadConfig(file, ChargerEmulatorConfig)
  const [gateway] = await gatewayAccesses(config)
  const [vehicleDirectory] = config.vehicles
  return {
    ...(gateway !== undefined && { gateway }),
    ...(vehicleDirectory !== undefined && { vehicleDirectory }),
    pkiDirectory: config.pkiDirectory,
  }
}

async function fromEndpoints({ endpoints: file }: InstallOptions): Promise<Partial<InstallSetup>> {
  if (file === undefined && !(await isFile(ENDPOINTS_FILE))) return {}
  const { gateway, vehicle, caFile, pkiDirectory } = await readEndpoints(file ?? ENDPOINTS_FILE)
  const { url, identity, passwordFile } = gateway
  return {
    gateway: {
      url,
      identity,
      password: await readSecret({ file: passwordFile }),
      caPem: await readText(caFile),
    },
    vehicleDirectory: vehicle.directory,
    pkiDirectory,
  }
}

async function isFile(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError('ERR_CLI_INPUT_FILE', messageOf(error), { cause: error })
  }
}

function required<T>(value: T | undefined, option: string): T {
  if (value !== undefined) return value
  throw new CliError('ERR_CLI_USAGE', `${option} is missing; --config or --endpoints also give it`)
}
