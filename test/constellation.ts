/** PKI, central, gateway and a provisioned vehicle in one process on free ports: the whole system for a test. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { base64FromBytes, type Clock, systemClock, systemRandom } from '#base'
import { type Central, CentralConfig, startCentral } from '#central'
import {
  type FaultName,
  type GatewayAccess,
  installContract,
  type InstalledContract,
} from '#charger-emulator'
import { type Gateway, GatewayConfig, startGateway } from '#gateway'
import { ISO2_NAMESPACE, OpcpClient, type Role, ROLES } from '#opcp'
import {
  type Certificate,
  createThrowawayPki,
  issueVehicle,
  type ThrowawayPki,
  type VehicleCredentials,
  writePkiDirectory,
} from '#pki'
import { checkConfig, createLogger, type Logger, Secret } from '#service'

export const CHARGE_POINT = 'CP-1'
export const EMAID = 'DEEVOC000000018'
/** Secrets of a test: what no log line may hold. */
export const PASSWORD = 'password-of-the-charge-point'
export const CLIENT_SECRET = 'secret-of-the-clients'

const WMI = 'EVO'
const PROVIDER_ID = 'DEEVO'

export interface Constellation extends AsyncDisposable {
  readonly directory: string
  readonly pki: ThrowawayPki
  readonly vehicle: VehicleCredentials
  readonly gateway: GatewayAccess
  readonly central: Central
  /** JSON lines of both programs. */
  readonly log: readonly string[]
  readonly clientOf: (role: Role) => OpcpClient
  /** One installation by the vehicle, at a charge point that goes on line for it. */
  readonly install: (over?: {
    readonly fault?: FaultName
    readonly gateway?: GatewayAccess
  }) => Promise<InstalledContract>
  /** A second gateway, on the same PKI but another central. */
  readonly startGatewayTo: (
    baseUrl: string,
    over?: GatewayOver,
  ) => Promise<Gateway & { access: GatewayAccess }>
  readonly stopCentral: () => Promise<void>
  /** On the port it had before, with what it had stored; `revocation` is that section of its config. */
  readonly restartCentral: (revocation?: object) => Promise<void>
}

interface GatewayOver {
  readonly budgetMs?: number
  readonly clock?: Clock
  /** Of the config. */
  readonly revocation?: object
  /** Sub CAs of OEMs. */
  readonly vehicleIntermediates?: readonly Certificate[]
}

/** Making a PKI takes a while and nothing changes it, so that all tests share one. */
let sharedPki: Promise<ThrowawayPki> | undefined
let vehicles = 0

/** A PKI that the tests may use but not change. */
export function pkiForTests(): Promise<ThrowawayPki> {
  sharedPki ??= createThrowawayPki({ clock: systemClock, random: systemRandom })
  return sharedPki
}

/** `revocation` is that section of central's config. */
export async function startConstellation(
  given: {
    readonly pki?: ThrowawayPki
    readonly vehicle?: VehicleCredentials
    readonly revocation?: object
  } = {},
): Promise<Constellation> {
  const pki = given.pki ?? (await pkiForTests())
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'evouch-system-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  await writePkiDirectory(join(directory, 'pki'), pki)
  await mkdir(join(directory, 'secrets'))
  await writeFile(join(directory, 'secrets', 'password'), PASSWORD, { mode: 0o600 })
  await writeFile(join(directory, 'secrets', 'client'), CLIENT_SECRET, { mode: 0o600 })
  await writeFile(join(directory, 'secrets', 'client-id'), 'CPO', { mode: 0o600 })

  const log: string[] = []
  const logger = (name: string): Logger =>
    createLogger({ name, level: 'debug', destination: { write: (line) => void log.push(line) } })
  const runCentral = (port: number, revocation = {}): Promise<Central> =>
    startCentral(centralConfig(directory, { port, revocation }), {
      logger: logger('central'),
      clock: systemClock,
      random: systemRandom,
    })
  let central: Central | undefined = await runCentral(0, given.revocation)
  stack.defer(async () => central?.[Symbol.asyncDispose]())
  const { url: centralUrl } = central

  const caPem = pki['tls/ca'].certificate.toPem()
  const clients = new Map<Role, OpcpClient>()
  const openClients = stack.use(new AsyncDisposableStack())
  const clientOf = (role: Role): OpcpClient => {
    const client = clients.get(role) ?? openClients.use(openClient(centralUrl, role, caPem))
    clients.set(role, client)
    return client
  }
  const vehicle = given.vehicle ?? (await newVehicle(pki))
  await provision(clientOf, pki, vehicle)

  const startGatewayTo: Constellation['startGatewayTo'] = async (baseUrl, over = {}) => {
    const name = `gateway-${Math.random()}`
    const { clock = systemClock, vehicleIntermediates = [] } = over
    const intermediatesFile = `${name}.pem`
    await writeFile(
      join(directory, intermediatesFile),
      vehicleIntermediates.map((certificate) => certificate.toPem()).join(''),
    )
    const config = gatewayConfig(directory, {
      baseUrl,
      rootsFile: `${name}.json`,
      ...over,
      ...(vehicleIntermediates.length > 0 && { vehicleIntermediatesFile: intermediatesFile }),
    })
    const started = await startGateway(config, { logger: logger('gateway'), clock })
    const access = { url: started.url, identity: CHARGE_POINT, password: new Secret(PASSWORD), caPem }
    return { ...started, access, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() }
  }
  const { access: gateway } = stack.use(await startGatewayTo(centralUrl))
  const resources = stack.move()
  return {
    directory,
    pki,
    vehicle,
    gateway,
    log,
    clientOf,
    startGatewayTo,
    get central() {
      if (central === undefined) throw new TypeError('central is stopped')
      return central
    },
    install: (over = {}) =>
      installContract({ gateway, credentials: vehicle, readPki: () => Promise.resolve(pki), ...over }),
    stopCentral: async () => {
      await central?.[Symbol.asyncDispose]()
      central = undefined
    },
    restartCentral: async (revocation) => {
      central = await runCentral(Number(new URL(centralUrl).port), revocation)
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

function newVehicle(pki: ThrowawayPki): Promise<VehicleCredentials> {
  vehicles++
  return issueVehicle(pki, {
    pcid: `${WMI}${String(vehicles).padStart(14, '0')}`,
    clock: systemClock,
    random: systemRandom,
  })
}

async function provision(
  clientOf: (role: Role) => OpcpClient,
  pki: ThrowawayPki,
  vehicle: VehicleCredentials,
): Promise<void> {
  for (const [rootType, member] of [
    ['V2G', 'v2g/root'],
    ['OEM', 'oem/root'],
    ['MO', 'mo/root'],
  ] as const)
    await clientOf('ADMIN').putRootCert({
      caCertificate: base64FromBytes(pki[member].certificate.der),
      rootType,
    })
  await clientOf('OEM').putProvCert({
    vehicleCertificate: base64FromBytes(vehicle.certificate.der),
    subCA1Certificate: base64FromBytes(vehicle.sub1.der),
    subCA2Certificate: base64FromBytes(vehicle.sub2.der),
    xsdMsgDefNamespace: ISO2_NAMESPACE,
  })
  await clientOf('MO_HUBJECT_PKI').generateSignedContractData({
    contractBegins: new Date(Date.now()).toISOString(),
    contractEnds: new Date(Date.now() + 30 * 86_400_000).toISOString(),
    emaid: EMAID,
    pcid: vehicle.pcid,
    xsdMsgDefNamespace: ISO2_NAMESPACE,
  })
}

function openClient(baseUrl: string, role: Role, certificateAuthorities: string): OpcpClient {
  return new OpcpClient({
    baseUrl,
    tokenUrl: `${baseUrl}/oauth/token`,
    clientId: role,
    clientSecret: CLIENT_SECRET,
    certificateAuthorities,
  })
}

function centralConfig(
  directory: string,
  { port, revocation }: { port: number; revocation: object },
): CentralConfig {
  const value = {
    listen: { port },
    tls: { certificateFile: 'pki/tls/central.pem', privateKeyFile: 'pki/tls/central.key.pem' },
    database: { url: 'sqlite:central.sqlite' },
    token: { keyFile: 'token.key.pem' },
    clients: ROLES.map((role) => ({
      clientId: role,
      secret: { file: 'secrets/client' },
      roles: [role],
      wmis: [WMI],
      providerIds: [PROVIDER_ID],
    })),
    cps: {
      signers: [
        {
          certificateFile: 'pki/cps/leaf.pem',
          subCertificateFiles: ['pki/cps/sub2.pem', 'pki/cps/sub1.pem'],
          rootFile: 'pki/v2g/root.pem',
          privateKeyFile: 'pki/cps/leaf.key.pem',
        },
      ],
    },
    mo: { contractAuthority: 'mo' },
    operatorCas: [
      {
        name: 'mo',
        kind: 'mo',
        certificateFile: 'pki/mo/sub2.pem',
        subCertificateFiles: ['pki/mo/sub1.pem'],
        rootFile: 'pki/mo/root.pem',
        privateKeyFile: 'pki/mo/sub2.key.pem',
      },
    ],
    revocation,
  }
  return checkConfig(value, CentralConfig, { source: 'test', folder: directory })
}

function gatewayConfig(
  directory: string,
  {
    baseUrl,
    rootsFile,
    budgetMs = 3_500,
    revocation = {},
    vehicleIntermediatesFile,
  }: {
    baseUrl: string
    rootsFile: string
    budgetMs?: number
    revocation?: object
    vehicleIntermediatesFile?: string
  },
): GatewayConfig {
  const value = {
    ocpp: {
      host: '127.0.0.1',
      port: 0,
      tls: { certificateFile: 'pki/tls/gateway.pem', privateKeyFile: 'pki/tls/gateway.key.pem' },
      chargePoints: [{ identity: CHARGE_POINT, password: { file: 'secrets/password' } }],
    },
    central: {
      baseUrl,
      tokenUrl: `${baseUrl}/oauth/token`,
      certificateAuthoritiesFile: 'pki/tls/ca.pem',
      clientId: { file: 'secrets/client-id' },
      clientSecret: { file: 'secrets/client' },
    },
    installation: { budgetMs, ...(vehicleIntermediatesFile !== undefined && { vehicleIntermediatesFile }) },
    roots: { file: rootsFile },
    revocation,
  }
  return checkConfig(value, GatewayConfig, { source: 'test', folder: directory })
}
