import { readFile } from 'node:fs/promises'
import { relative } from 'node:path'

import { systemClock, systemRandom } from '#base'
import { startCentral } from '#central'
import { installContract, type InstalledContract, systemPorts } from '#charger-emulator'
import { type InstallationRecord, startGateway } from '#gateway'
import { createLogger, logFile, readSecret } from '#service'

import { portInUse } from '../port-in-use.ts'
import { type DemoPorts } from './configs.ts'
import { demoFiles, type DemoFiles, type DemoPki, openDemoPki } from './data-directory.ts'
import { type Endpoints } from './endpoints.ts'
import { DEMO_PCID, demoEmaid } from './identities.ts'
import { type Narration } from './narration.ts'
import { prepareDemo, type PreparedDemo } from './prepare.ts'
import { openClient, orderContract, publishRoots, registerVehicle } from './provision.ts'

const EMAID = demoEmaid('C', 1)

/** A demo that has installed its contract and goes on serving until it is disposed. */
export interface Demo extends AsyncDisposable {
  readonly endpoints: Endpoints
  readonly files: DemoFiles
  readonly contract: InstalledContract
}

/**
 * Starts central and gateway on what is in the data directory, provisions one vehicle and has it installed through
 * both, telling every step.
 *
 * @throws {CliError} ERR_CLI_DATA_DIRECTORY, ERR_CLI_PORT_IN_USE; whatever a step fails with
 */
export async function startDemo({
  data,
  ports,
  narration,
}: {
  readonly data: string
  readonly ports: DemoPorts
  readonly narration: Narration
}): Promise<Demo> {
  const files = demoFiles(data)
  const vehiclePki = await narration.step(
    'setup',
    () => openDemoPki(files, { pcid: DEMO_PCID, clock: systemClock, random: systemRandom }),
    ({ made }) => pkiText(files, made),
  )
  const vehicle = { pcid: DEMO_PCID, emaid: EMAID, directory: vehiclePki.vehicleDirectory }
  const prepared = await prepareDemo(files, { ports, vehicle })
  await using programs = new AsyncDisposableStack()
  await narration.step(
    'central',
    async () => programs.use(await runCentral(prepared, files)),
    () => `runs the pools RCP, PCP, CPS and CCP on ${prepared.endpoints.central.baseUrl}`,
  )
  await provision(prepared.endpoints, vehiclePki, narration)
  const records: InstallationRecord[] = []
  await narration.step(
    'gateway',
    async () => programs.use(await runGateway(prepared, files, (record) => void records.push(record))),
    () => `awaits charge points on ${prepared.endpoints.gateway.url} (OCPP 2.0.1, security profile 2)`,
  )
  const contract = await install(prepared.endpoints, vehiclePki, narration)
  tellHops(records, narration)
  const running = programs.move()
  return {
    endpoints: prepared.endpoints,
    files,
    contract,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  }
}

function pkiText({ pkiDirectory }: DemoFiles, made: DemoPki['made']): string {
  const where = relative('', pkiDirectory) || pkiDirectory
  return made === 'now'
    ? `made a throwaway PKI in ${where}: V2G, OEM and MO roots, sub CAs, CPS and TLS certificates, one vehicle`
    : `took the throwaway PKI and the vehicle of an earlier start from ${where}`
}

function runCentral({ central }: PreparedDemo, files: DemoFiles): ReturnType<typeof startCentral> {
  const logger = createLogger({
    name: 'central',
    level: central.log.level,
    destination: logFile(files.centralLog),
  })
  return startCentral(central, { logger, clock: systemClock, random: systemRandom }).catch(
    portInUse('all ports with --port-base'),
  )
}

function runGateway(
  { gateway }: PreparedDemo,
  files: DemoFiles,
  onInstallation: (record: InstallationRecord) => void,
): ReturnType<typeof startGateway> {
  const logger = createLogger({
    name: 'gateway',
    level: gateway.log.level,
    destination: logFile(files.gatewayLog),
  })
  return startGateway(gateway, { logger, clock: systemClock, onInstallation }).catch(
    portInUse('all ports with --port-base'),
  )
}

/** What the market roles do long before a vehicle is plugged in, each with its own client of the pools. */
async function provision(
  endpoints: Endpoints,
  { pki, vehicle }: DemoPki,
  narration: Narration,
): Promise<void> {
  const certificateAuthorities = await readFile(endpoints.caFile, 'utf8')
  await using admin = openClient(endpoints, { role: 'ADMIN', certificateAuthorities })
  await using oem = openClient(endpoints, { role: 'OEM', certificateAuthorities })
  await using mo = openClient(endpoints, { role: 'MO_HUBJECT_PKI', certificateAuthorities })
  await narration.step(
    'pool operator',
    () => publishRoots(admin, pki),
    () => 'put the roots of V2G, OEM and MO into the root certificate pool',
  )
  await narration.step(
    'OEM',
    () => registerVehicle(oem, vehicle),
    () => `registered vehicle ${vehicle.pcid}: certificate issued by ${issuer(vehicle.certificate)}`,
  )
  await narration.step(
    'MO',
    () => orderContract(mo, { pcid: vehicle.pcid, emaid: EMAID, nowMs: systemClock() }),
    () =>
      `ordered contract ${EMAID} for it: issued by ${name(pki['mo/sub2'])}, its key encrypted for the vehicle, ` +
      `signed by ${name(pki['cps/leaf'])}`,
  )
}

async function install(
  endpoints: Endpoints,
  { vehicle }: DemoPki,
  narration: Narration,
): Promise<InstalledContract> {
  const { url, identity, passwordFile } = endpoints.gateway
  const password = await readSecret({ file: passwordFile })
  const caPem = await readFile(endpoints.caFile, 'utf8')
  return await installContract({
    gateway: { url, identity, password, caPem },
    credentials: vehicle,
    onStep: narration.onStep,
    ports: systemPorts,
  })
}

/** The same request as seen at each hop: what a hop took includes the ones behind it. */
function tellHops(records: readonly InstallationRecord[], narration: Narration): void {
  const [record] = records
  if (record === undefined) return
  const { totalMs, poolMs = 0, vehicleChain } = record
  const chain =
    vehicleChain === 'chain-verified'
      ? 'and its chain'
      : 'and left the chain above the certificate to the pool'
  narration.tell(
    'gateway',
    `verified the vehicle's signature ${chain}, asked the pool, verified its answer`,
    totalMs,
  )
  narration.tell('central', 'verified request, chain and contract, and answered over HTTPS', poolMs)
}

function name({
  certificate,
}: {
  readonly certificate: { readonly commonName: string | undefined }
}): string {
  return certificate.commonName ?? 'a certificate without a name'
}

function issuer({ issuer: { text } }: { readonly issuer: { readonly text: string } }): string {
  return text
}
