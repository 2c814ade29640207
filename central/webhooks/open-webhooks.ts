import { lookup } from 'node:dns/promises'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { codeOf, type Clock, type RandomBytes } from '#base'
import { guardedHttp } from '#net'
import type { Logger } from '#service'

import { CentralError } from '../start-error.ts'
import type { Storage } from '../storage-port.ts'
import { DeliveryWorker } from './delivery-worker.ts'
import { EndpointUrlRule } from './endpoint-rules.ts'
import { SecretSealer } from './secret-sealer.ts'
import type { WebhookConfig } from './webhook-config.ts'
import { WebhookEndpoints } from './webhook-endpoints.ts'
import { openWebhookKey, type WebhookKey } from './webhook-key.ts'

export interface Webhooks {
  readonly endpoints: WebhookEndpoints
  readonly key: WebhookKey
  /** To be run by the process that leads. */
  readonly worker: DeliveryWorker
}

/**
 * Opens the keys of webhooks, and seals again what an older key has sealed. `tokenKeyFile`: where the key files are
 * beside, unless the config says.
 *
 * @throws {CentralError} ERR_CENTRAL_KEY_FILE
 */
export async function openWebhooks(
  config: WebhookConfig,
  {
    tokenKeyFile,
    storage,
    clock,
    random,
    logger,
  }: {
    readonly tokenKeyFile: string
    readonly storage: Storage
    readonly clock: Clock
    readonly random: RandomBytes
    readonly logger: Logger
  },
): Promise<Webhooks> {
  const beside = dirname(tokenKeyFile)
  const {
    secretsKeyFile = join(beside, 'webhook-secrets.key'),
    signatureKeyFile = join(beside, 'webhook-signature.key.pem'),
    addressesAllowed: allowedNetworks,
  } = config
  const sealer = await SecretSealer.open(secretsKeyFile, random)
  const key = await openWebhookKey(signatureKeyFile)
  const certificateAuthorities = await readAuthorities(config)
  const http = guardedHttp({
    allowedNetworks,
    timeoutMs: config.timeoutMs,
    ...(certificateAuthorities !== undefined && { certificateAuthorities }),
  })
  const urls = new EndpointUrlRule({
    plainHttp: config.plainHttp,
    resolve: (host) => lookup(host, { all: true }),
    allowedNetworks,
  })
  const endpoints = new WebhookEndpoints({ storage, sealer, urls, clock, random })
  const { resealed, lost } = await endpoints.resealAll()
  if (resealed > 0) logger.info({ endpoints: resealed }, 'secrets of webhook endpoints sealed anew')
  if (lost.length > 0) logger.error({ endpoints: lost }, 'no key opens the secrets of these endpoints')
  const parts = { storage, http, sealer, key, clock, random, logger }
  const { concurrency: concurrencyMax, suspendAfter } = config
  return { endpoints, key, worker: new DeliveryWorker({ ...parts, concurrencyMax, suspendAfter }) }
}

async function readAuthorities({
  certificateAuthoritiesFile: file,
}: WebhookConfig): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CentralError('ERR_CENTRAL_KEY_FILE', `cannot read ${file}: ${codeOf(cause) ?? 'unknown'}`, {
      cause,
    })
  }
}
