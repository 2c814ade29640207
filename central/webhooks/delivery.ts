import { codeOf, type Clock } from '#base'
import type { GuardedHttp } from '#net'

import { timestamp } from '../wire-text.ts'
import { signatureHeaders, type SignatureKey } from './delivery-signatures.ts'
import { secretsAt } from './endpoint-secrets.ts'
import type { StoredEndpoint } from './endpoint-store.ts'
import { signatureFormatOf } from './endpoint.ts'
import type { Attempt, Delivery } from './outbox-store.ts'
import type { SecretSealer } from './secret-sealer.ts'

export interface DeliveryParts {
  readonly http: GuardedHttp
  readonly sealer: SecretSealer
  readonly key: SignatureKey
  readonly clock: Clock
}

/** Sends an event to its endpoint once. Never throws: whatever goes wrong, it is to be tried again. */
export async function attemptDelivery(
  delivery: Delivery,
  endpoint: StoredEndpoint,
  parts: DeliveryParts & { readonly signal: AbortSignal },
): Promise<Attempt> {
  const startedAtMs = parts.clock()
  const answer = await send(delivery, endpoint, { ...parts, startedAtMs }).catch((error: unknown) => ({
    status: undefined,
    error: codeOf(error) ?? 'ERR_WEBHOOK_INTERNAL',
  }))
  return { ...answer, startedAtMs, latencyMs: Math.max(0, parts.clock() - startedAtMs) }
}

async function send(
  { eventId, body, queuedAtMs, attempts }: Delivery,
  endpoint: StoredEndpoint,
  {
    http,
    sealer,
    key,
    signal,
    startedAtMs,
  }: DeliveryParts & { readonly signal: AbortSignal; readonly startedAtMs: number },
): Promise<Pick<Attempt, 'status' | 'error'>> {
  const { secret, nextSecret } = secretsAt(endpoint.secrets, queuedAtMs)
  const open = (sealed: Uint8Array): string => sealer.open(sealed, endpoint.id)
  const signatures = signatureHeaders(body, {
    secret: open(secret),
    nextSecret: nextSecret && open(nextSecret),
    format: signatureFormatOf(endpoint),
    key,
  })
  const { status } = await http({
    address: endpoint.url,
    headers: {
      ...signatures,
      'User-Agent': 'EVouch',
      'X-Operator-Event-Id': eventId,
      'X-Operator-Timestamp': timestamp(startedAtMs),
      'X-Operator-Delivery': String(attempts + 1),
    },
    body: { bytes: body, contentType: 'application/json' },
    signal,
  })
  return { status, error: undefined }
}
