/** A central with a PKI of its own on a real socket, and clients of every role: builders for tests. */
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { base64FromBytes, systemClock, systemRandom, type Clock } from '#base'
import {
  encodeV2gMessage,
  encryptContractKey,
  signCertificateInstallationReq,
  type X509IssuerSerialType,
} from '#iso15118'
import { ISO2_NAMESPACE, OpcpClient, type Role } from '#opcp'
import {
  authorityOf,
  createThrowawayPki,
  generateP256KeyPair,
  issueVehicle,
  softwareSigner,
  writePkiDirectory,
  type Certificate,
  type ThrowawayPki,
  type VehicleCredentials,
} from '#pki'
import { checkConfig, createLogger } from '#service'

import { CentralConfig } from './config.ts'
import { startCentral, type Central } from './start-central.ts'
import type { StorageOptions } from './storage/open-storage.ts'

export const DAY_MS = 86_400_000

/** One client per role; the external MO owns another provider id than the one without a PKI. */
const CLIENTS: Readonly<Record<Role, object>> = {
  ADMIN: {},
  OEM: { wmis: ['EVO'] },
  CPO: { operatorIds: ['DEEVO'] },
  MO_HUBJECT_PKI: { providerIds: ['DEEVO'] },
  MO_EXTERNAL_PKI: { providerIds: ['DEEVX'] },
  CPS: {},
}

/** A PKI takes a while to make and is never changed, so tests share one. */
let sharedPki: Promise<ThrowawayPki> | undefined
export function pkiForTests(): Promise<ThrowawayPki> {
  sharedPki ??= createThrowawayPki({ clock: systemClock, random: systemRandom })
  return sharedPki
}

export interface CentralScene extends AsyncDisposable {
  readonly central: Central
  readonly pki: ThrowawayPki
  readonly directory: string
  readonly config: CentralConfig
  /** JSON lines. */
  readonly log: readonly string[]
  readonly clientOf: (role: Role) => OpcpClient
  readonly secretOf: (role: Role) => string
  /** Stops and starts the program on the same files. */
  readonly restart: () => Promise<void>
}

/**
 * `operatorCas`: entries of the config, besides those of the PKI for CPO, MO, OEM and CPS; `ccp` and `rcp`: sections of
 * it; `database`: instead of a file in its directory.
 */
export async function startScene({
  clock = systemClock,
  operatorCas = [],
  ccp = {},
  rcp = {},
  peers = [],
  database = { url: 'sqlite:central.sqlite' },
}: {
  clock?: Clock
  operatorCas?: readonly object[]
  ccp?: object
  rcp?: object
  peers?: readonly object[]
  database?: StorageOptions
} = {}): Promise<CentralScene> {
  const pki = await pkiForTests()
  await using cleanUp = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'evouch-central-'))
  cleanUp.defer(() => rm(directory, { recursive: true, force: true }))
  await writePkiDirectory(join(directory, 'pki'), pki)
  const config = await writeConfig(directory, { operatorCas, ccp, rcp, peers, database })
  const log: string[] = []
  const logger = createLogger({
    name: 'central',
    level: 'info',
    destination: { write: (line) => void log.push(line) },
  })
  const start = (): Promise<Central> => startCentral(config, { logger, clock, random: systemRandom })
  let central = await start()
  const clients = new Map<Role, OpcpClient>()
  const disposeClients = async (): Promise<void> => {
    for (const client of clients.values()) await client[Symbol.asyncDispose]()
    clients.clear()
  }
  const started = cleanUp.move()
  return {
    get central() {
      return central
    },
    pki,
    directory,
    config,
    log,
    secretOf,
    clientOf: (role) => {
      const known = clients.get(role) ?? openClient(central, { role, ca: pki['tls/ca'].certificate })
      clients.set(role, known)
      return known
    },
    restart: async () => {
      await disposeClients()
      await central[Symbol.asyncDispose]()
      central = await start()
    },
    [Symbol.asyncDispose]: async () => {
      await disposeClients()
      await central[Symbol.asyncDispose]()
      await started.disposeAsync()
    },
  }
}

async function writeConfig(
  directory: string,
  {
    operatorCas,
    ccp,
    rcp,
    peers,
    database: { url, password },
  }: {
    readonly operatorCas: readonly object[]
    readonly ccp: object
    readonly rcp: object
    readonly peers: readonly object[]
    readonly database: StorageOptions
  },
): Promise<CentralConfig> {
  await mkdir(join(directory, 'secrets'), { recursive: true })
  const roles = Object.keys(CLIENTS).filter((role): role is Role => role in CLIENTS)
  for (const role of roles) await writeFile(join(directory, 'secrets', role), secretOf(role), { mode: 0o600 })
  if (password !== undefined)
    await writeFile(join(directory, 'secrets', 'database'), password, { mode: 0o600 })
  const value = {
    listen: { port: 0 },
    tls: { certificateFile: 'pki/tls/central.pem', privateKeyFile: 'pki/tls/central.key.pem' },
    database: { url, ...(password !== undefined && { password: { file: 'secrets/database' } }) },
    token: { keyFile: 'token.key.pem' },
    clients: roles.map((role) => ({
      clientId: role,
      secret: { file: `secrets/${role}` },
      roles: [role],
      ...CLIENTS[role],
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
    ccp,
    rcp,
    operatorCas: [...OPERATOR_CAS, ...operatorCas],
    peers,
  }
  return checkConfig(value, CentralConfig, { source: 'test', folder: directory })
}

/** The one of the CPO says where it can be asked, and knows whom it issues to. */
const OPERATOR_CAS = (['cpo', 'mo', 'oem', 'cps'] as const).map((kind) => ({
  name: kind,
  kind,
  certificateFile: `pki/${kind}/sub2.pem`,
  subCertificateFiles: [`pki/${kind}/sub1.pem`],
  rootFile: kind === 'mo' || kind === 'oem' ? `pki/${kind}/root.pem` : 'pki/v2g/root.pem',
  privateKeyFile: `pki/${kind}/sub2.key.pem`,
  ...(kind === 'cpo' && { revocationUrl: 'http://pki.example' }),
}))

/** Known to the test, unlike anything else in the log or the database. */
export function secretOf(role: Role): string {
  return createHash('sha256').update(`secret of ${role}`).digest('hex')
}

export function openClient(
  { url }: { readonly url: string },
  { role, ca }: { readonly role: Role; readonly ca: Certificate },
): OpcpClient {
  return new OpcpClient({
    baseUrl: url,
    tokenUrl: `${url}/oauth/token`,
    audience: 'https://localhost:7401',
    clientId: role,
    clientSecret: secretOf(role),
    certificateAuthorities: ca.toPem(),
  })
}

/** Puts the roots of the PKI into the RCP. */
export async function putRoots({ clientOf, pki }: CentralScene): Promise<void> {
  for (const rootType of ['V2G', 'OEM', 'MO'] as const)
    await clientOf('ADMIN').putRootCert({
      caCertificate: base64FromBytes(pki[ROOT_MEMBERS[rootType]].certificate.der),
      rootType,
    })
}
const ROOT_MEMBERS = { V2G: 'v2g/root', OEM: 'oem/root', MO: 'mo/root' } as const

let vehicles = 0
/** A vehicle of the OEM, with a PCID of its own. */
export function newVehicle(pki: ThrowawayPki, { clock = systemClock } = {}): Promise<VehicleCredentials> {
  vehicles += 1
  const pcid = `EVOTEST${String(vehicles).padStart(11, '0')}`
  return issueVehicle(pki, { pcid, clock, random: systemRandom })
}

/** A vehicle that is in the PCP. */
export async function putVehicle({ clientOf, pki }: CentralScene): Promise<VehicleCredentials> {
  const vehicle = await newVehicle(pki)
  await clientOf('OEM').putProvCert(provCertBody(vehicle))
  return vehicle
}

export function provCertBody(vehicle: VehicleCredentials): {
  vehicleCertificate: string
  subCA1Certificate: string
  subCA2Certificate: string
} {
  return {
    vehicleCertificate: base64FromBytes(vehicle.certificate.der),
    subCA1Certificate: base64FromBytes(vehicle.sub1.der),
    subCA2Certificate: base64FromBytes(vehicle.sub2.der),
  }
}

export function generateBody(over: {
  pcid: string
  emaid: string
  contractBegins?: string
  contractEnds?: string
}): {
  contractBegins: string
  contractEnds: string
  xsdMsgDefNamespace: string
  pcid: string
  emaid: string
} {
  return {
    contractBegins: new Date(Date.now() - DAY_MS).toISOString(),
    contractEnds: new Date(Date.now() + 365 * DAY_MS).toISOString(),
    xsdMsgDefNamespace: ISO2_NAMESPACE,
    ...over,
  }
}

/** Contract data as an MO with a PKI of its own makes it for a vehicle. */
export async function contractDataBody(
  pki: ThrowawayPki,
  {
    vehicle,
    emaid,
    notAfterMs = Date.now() + 365 * DAY_MS,
  }: {
    vehicle: Pick<VehicleCredentials, 'certificate'>
    emaid: string
    notAfterMs?: number
  },
): Promise<{
  contractCertificate: string
  contractSubCa1Certificate: string
  contractSubCa2Certificate: string
  contractSignatureEncryptedPrivateKey: string
  dHpublickey: string
}> {
  const { publicKey, privateKey } = await generateP256KeyPair()
  const contract = await authorityOf(pki['mo/sub2'], systemRandom).issue({
    profile: 'contract',
    subject: { commonName: emaid },
    publicKey,
    notBeforeMs: Date.now() - 2 * DAY_MS,
    notAfterMs,
  })
  const encrypted = encryptContractKey({
    vehiclePublicKey: vehicle.certificate.publicKey,
    contractPrivateKey: privateKey,
    random: systemRandom,
  })
  return {
    contractCertificate: base64FromBytes(contract.der),
    contractSubCa1Certificate: base64FromBytes(pki['mo/sub1'].certificate.der),
    contractSubCa2Certificate: base64FromBytes(pki['mo/sub2'].certificate.der),
    contractSignatureEncryptedPrivateKey: base64FromBytes(encrypted.encryptedPrivateKey),
    dHpublickey: base64FromBytes(encrypted.dhPublicKey),
  }
}

export const SESSION_ID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

/** The CertificateInstallationReq of a vehicle, in base64. */
export async function installationRequest(
  vehicle: VehicleCredentials,
  over: {
    certificate?: Certificate
    privateKey?: VehicleCredentials['privateKey']
    roots?: readonly X509IssuerSerialType[]
  } = {},
): Promise<{ certificateInstallationReq: string; xsdMsgDefNamespace: string }> {
  const [root] = vehicle.v2gRoots
  if (root === undefined) throw new TypeError('a vehicle trusts a root')
  const message = await signCertificateInstallationReq({
    sessionId: SESSION_ID,
    request: {
      OEMProvisioningCert: (over.certificate ?? vehicle.certificate).der,
      ListOfRootCertificateIDs: { RootCertificateID: over.roots ?? [idOf(root)] },
    },
    signer: softwareSigner(over.privateKey ?? vehicle.privateKey),
  })
  return {
    certificateInstallationReq: base64FromBytes(encodeV2gMessage(message)),
    xsdMsgDefNamespace: ISO2_NAMESPACE,
  }
}

export function idOf(root: Certificate): X509IssuerSerialType {
  const X509IssuerName = root.subject.attributes.map(({ type, value }) => `${type}=${value}`).join(',')
  return { X509IssuerName, X509SerialNumber: BigInt(`0x${root.serialNumberHex}`) }
}
