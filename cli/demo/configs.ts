import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { CentralConfig } from '#central'
import { GatewayConfig } from '#gateway'
import { type Role } from '#opcp'
import { loadConfig } from '#service'

import { type DemoFiles } from './data-directory.ts'
import {
  DEMO_CHARGE_POINT,
  DEMO_OPERATOR_ID,
  DEMO_PROVIDER_ID,
  DEMO_WMI,
  EXTERNAL_PROVIDER_ID,
  LOAD_CHARGE_POINTS,
} from './identities.ts'

const HEADER = `# Written by "evouch demo" at each start. Start this program alone with`

/** A client of central in the demo: where its secret lies, and what it may speak for. */
interface DemoClient {
  readonly clientId: string
  readonly secretFile: string
  readonly wmis?: string
  readonly providerIds?: string
  readonly operatorIds?: string
}

/** The same names as in config/central.yaml, so that it can be used with the data of the demo. */
export const DEMO_CLIENTS: Readonly<Record<Role, DemoClient>> = {
  ADMIN: { clientId: 'evouch-admin', secretFile: 'secrets/admin' },
  OEM: { clientId: 'evouch-oem', secretFile: 'secrets/oem', wmis: DEMO_WMI },
  CPO: { clientId: 'evouch-cpo', secretFile: 'secrets/cpo', operatorIds: DEMO_OPERATOR_ID },
  MO_EXTERNAL_PKI: {
    clientId: 'evouch-mo-external',
    secretFile: 'secrets/mo-external',
    providerIds: EXTERNAL_PROVIDER_ID,
  },
  MO_HUBJECT_PKI: { clientId: 'evouch-mo', secretFile: 'secrets/mo', providerIds: DEMO_PROVIDER_ID },
  CPS: { clientId: 'evouch-cps', secretFile: 'secrets/cps' },
}

/** Files of the gateway in a data directory, under the names of config/gateway.yaml. */
export const GATEWAY_FILES = {
  password: `gateway/${DEMO_CHARGE_POINT}.password`,
  clientId: 'gateway/client-id',
  clientSecret: 'gateway/client-secret',
} as const

export interface DemoPorts {
  readonly gateway: number
  readonly central: number
}

/** Where central is reached: also its audience and the issuer of its tokens. */
export function centralUrl({ central }: DemoPorts): string {
  return `https://localhost:${central}`
}

/** Writes both config files and reads them back as the programs do, so that they surely work when started alone. */
export async function writeConfigs(
  files: DemoFiles,
  ports: DemoPorts,
): Promise<{ readonly central: CentralConfig; readonly gateway: GatewayConfig }> {
  await writeFile(files.centralConfig, centralYaml(files, ports))
  await writeFile(files.gatewayConfig, gatewayYaml(files, ports))
  return {
    central: await loadConfig(files.centralConfig, CentralConfig),
    gateway: await loadConfig(files.gatewayConfig, GatewayConfig),
  }
}

function centralYaml({ directory }: DemoFiles, ports: DemoPorts): string {
  return `${HEADER}
#   evouch central --config ${join(directory, 'central.yaml')}
# config/central.yaml of the project explains every key. Relative paths are counted from this folder.
listen:
  host: 127.0.0.1
  port: ${ports.central}
tls:
  certificateFile: pki/tls/central.pem
  privateKeyFile: pki/tls/central.key.pem
database:
  url: sqlite:central.sqlite
token:
  issuer: ${centralUrl(ports)}/
  audience: ${centralUrl(ports)}
  keyFile: central-token.key.pem
clients:
${Object.entries(DEMO_CLIENTS).map(clientYaml).join('')}cps:
  signers:
    - certificateFile: pki/cps/leaf.pem
      subCertificateFiles: [pki/cps/sub2.pem, pki/cps/sub1.pem]
      rootFile: pki/v2g/root.pem
      privateKeyFile: pki/cps/leaf.key.pem
mo:
  contractAuthority: mo
operatorCas:
  - name: cpo
    kind: cpo
    certificateFile: pki/cpo/sub2.pem
    subCertificateFiles: [pki/cpo/sub1.pem]
    rootFile: pki/v2g/root.pem
    privateKeyFile: pki/cpo/sub2.key.pem
    revocationUrl: ${centralUrl(ports)}
  - name: mo
    kind: mo
    certificateFile: pki/mo/sub2.pem
    subCertificateFiles: [pki/mo/sub1.pem]
    rootFile: pki/mo/root.pem
    privateKeyFile: pki/mo/sub2.key.pem
`
}

function clientYaml([role, client]: [string, DemoClient]): string {
  const { clientId, secretFile, wmis = '', providerIds = '', operatorIds = '' } = client
  return `  - clientId: ${clientId}
    secret: { file: ${secretFile} }
    roles: [${role}]
    wmis: [${wmis}]
    providerIds: [${providerIds}]
    operatorIds: [${operatorIds}]
`
}

function gatewayYaml({ directory }: DemoFiles, ports: DemoPorts): string {
  return `${HEADER}
#   evouch gateway --config ${join(directory, 'gateway.yaml')}
# config/gateway.yaml of the project explains every key. Relative paths are counted from this folder.
ocpp:
  host: 127.0.0.1
  port: ${ports.gateway}
  tls:
    certificateFile: pki/tls/gateway.pem
    privateKeyFile: pki/tls/gateway.key.pem
  # The first is the demo's; the others are for "evouch charger load".
  chargePoints:
${[DEMO_CHARGE_POINT, ...LOAD_CHARGE_POINTS].map(chargePointYaml).join('')}central:
  baseUrl: ${centralUrl(ports)}
  tokenUrl: ${centralUrl(ports)}/oauth/token
  audience: ${centralUrl(ports)}
  certificateAuthoritiesFile: pki/tls/ca.pem
  clientId: { file: ${GATEWAY_FILES.clientId} }
  clientSecret: { file: ${GATEWAY_FILES.clientSecret} }
roots:
  file: gateway/roots.json
`
}

function chargePointYaml(identity: string): string {
  return `    - { identity: ${identity}, password: { file: ${GATEWAY_FILES.password} } }\n`
}
