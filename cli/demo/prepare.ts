import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { type CentralConfig } from '#central'
import { type GatewayConfig } from '#gateway'
import { TOKEN_PATH } from '#opcp'

import { centralUrl, DEMO_CLIENTS, type DemoPorts, GATEWAY_FILES, writeConfigs } from './configs.ts'
import { type DemoFiles } from './data-directory.ts'
import { byRole, type ClientEndpoint, type Endpoints, writeEndpoints } from './endpoints.ts'
import { DEMO_CHARGE_POINT, LOAD_CHARGE_POINTS } from './identities.ts'
import { keptSecret, writePrivateFile } from './private-file.ts'

export interface PreparedDemo {
  readonly central: CentralConfig
  readonly gateway: GatewayConfig
  readonly endpoints: Endpoints
}

/**
 * Writes what the programs of a demo and their clients need: secrets (made once and kept), config files and
 * `endpoints.json`. Idempotent; what depends on the ports is written anew.
 */
export async function prepareDemo(
  files: DemoFiles,
  {
    ports,
    vehicle,
  }: {
    readonly ports: DemoPorts
    readonly vehicle: { readonly pcid: string; readonly emaid: string; readonly directory: string }
  },
): Promise<PreparedDemo> {
  const inside = (path: string): string => join(files.directory, path)
  for (const folder of ['secrets', 'gateway']) await mkdir(inside(folder), { recursive: true, mode: 0o700 })
  const clients = await clientEndpoints(inside)
  await keptSecret(inside(GATEWAY_FILES.password))
  await writePrivateFile(inside(GATEWAY_FILES.clientId), `${clients.CPO.clientId}\n`)
  await writePrivateFile(inside(GATEWAY_FILES.clientSecret), `${clients.CPO.clientSecret}\n`)
  const baseUrl = centralUrl(ports)
  const endpoints: Endpoints = {
    gateway: {
      url: `wss://localhost:${ports.gateway}/ocpp`,
      identity: DEMO_CHARGE_POINT,
      passwordFile: inside(GATEWAY_FILES.password),
      loadIdentities: LOAD_CHARGE_POINTS,
    },
    central: { baseUrl, tokenUrl: `${baseUrl}${TOKEN_PATH}`, audience: baseUrl },
    caFile: join(files.pkiDirectory, 'tls', 'ca.pem'),
    clients,
    vehicle: {
      ...vehicle,
      certificateFile: join(vehicle.directory, 'certificate.pem'),
      privateKeyFile: join(vehicle.directory, 'certificate.key.pem'),
    },
    pkiDirectory: files.pkiDirectory,
  }
  await writeEndpoints(files.endpoints, endpoints)
  return { ...(await writeConfigs(files, ports)), endpoints }
}

async function clientEndpoints(inside: (path: string) => string): Promise<Endpoints['clients']> {
  const secrets = new Map<string, string>()
  for (const { secretFile } of Object.values(DEMO_CLIENTS))
    secrets.set(secretFile, await keptSecret(inside(secretFile)))
  return byRole((role): ClientEndpoint => {
    const { clientId, secretFile, wmis, providerIds, operatorIds } = DEMO_CLIENTS[role]
    return {
      clientId,
      clientSecret: secrets.get(secretFile) ?? '',
      wmis: listOf(wmis),
      providerIds: listOf(providerIds),
      operatorIds: listOf(operatorIds),
    }
  })
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text]
}
