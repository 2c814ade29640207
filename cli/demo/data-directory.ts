import { access, mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { codeOf, messageOf, type Clock, type RandomBytes } from '#base'
import {
  createThrowawayPki,
  issueVehicle,
  readPkiDirectory,
  readVehicle,
  type ThrowawayPki,
  type VehicleCredentials,
  writePkiDirectory,
  writeVehicle,
} from '#pki'

import { CliError } from '../failure.ts'

/** Where everything of a demo lies; absolute paths. */
export interface DemoFiles {
  readonly directory: string
  readonly pkiDirectory: string
  readonly gatewayConfig: string
  readonly centralConfig: string
  readonly endpoints: string
  readonly gatewayLog: string
  readonly centralLog: string
}

export function demoFiles(data: string): DemoFiles {
  const directory = resolve(data)
  return {
    directory,
    pkiDirectory: join(directory, 'pki'),
    gatewayConfig: join(directory, 'gateway.yaml'),
    centralConfig: join(directory, 'central.yaml'),
    endpoints: join(directory, 'endpoints.json'),
    gatewayLog: join(directory, 'log', 'gateway.log'),
    centralLog: join(directory, 'log', 'central.log'),
  }
}

export interface DemoPki {
  readonly pki: ThrowawayPki
  readonly vehicle: VehicleCredentials
  /** Where the vehicle lies, as `--vehicle` takes it. */
  readonly vehicleDirectory: string
  readonly made: 'now' | 'before'
}

/**
 * Opens the PKI and the vehicle of a data directory, making what is not there yet. Both appear whole or not at all, so
 * that a start after one that was killed goes on where that one ended.
 *
 * @throws {CliError} ERR_CLI_DATA_DIRECTORY when the directory cannot be used, with what to do
 */
export async function openDemoPki(
  { directory, pkiDirectory }: DemoFiles,
  { pcid, ...ports }: { readonly pcid: string; readonly clock: Clock; readonly random: RandomBytes },
): Promise<DemoPki> {
  try {
    await mkdir(directory, { recursive: true })
    const made = (await exists(pkiDirectory)) ? 'before' : 'now'
    if (made === 'now') await writePkiDirectory(pkiDirectory, await createThrowawayPki(ports))
    const pki = await readPkiDirectory(pkiDirectory)
    const vehicleDirectory = join(pkiDirectory, 'vehicles', pcid)
    if (!(await exists(vehicleDirectory)))
      await writeVehicle(pkiDirectory, await issueVehicle(pki, { pcid, ...ports }))
    return { pki, vehicle: await readVehicle(vehicleDirectory), vehicleDirectory, made }
  } catch (error) {
    const reason = `${codeOf(error) ?? 'ERR_INTERNAL'}: ${messageOf(error)}`
    const remedy = 'remove the directory or choose another with --data'
    throw new CliError('ERR_CLI_DATA_DIRECTORY', `${directory} cannot be used (${reason}): ${remedy}`, {
      cause: error,
    })
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}
