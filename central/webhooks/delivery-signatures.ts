/** The headers by which a receiver knows who sent a delivery. */
import { createHmac, sign, type KeyObject } from 'node:crypto'

/** How `X-Operator-Signature` is written: samples in circulation read it either way. */
export type SignatureFormat = 'prefixed' | 'hex'

export interface SignatureKey {
  readonly kid: string
  /** Ed25519. */
  readonly privateKey: KeyObject
}

/**
 * HMAC-SHA256 of the exact bytes of the body, keyed with the secret as UTF-8, in the three headers that OPCP names, and
 * a detached JWS (RFC 7515 appendix F) for receivers that hold no secret. The same bytes give the same headers.
 *
 * `nextSecret`: the one that is about to sign alone; its HMAC is in a header of its own.
 */
export function signatureHeaders(
  body: Uint8Array,
  {
    secret,
    nextSecret,
    format,
    key,
  }: {
    readonly secret: string
    readonly nextSecret?: string | undefined
    readonly format: SignatureFormat
    readonly key: SignatureKey
  },
): Readonly<Record<string, string>> {
  const hex = hmacHex(body, secret)
  return {
    'payload-signature': hex,
    'X-Hubject-Signature': `sha256=${hex}`,
    'X-Operator-Signature': format === 'hex' ? hex : `sha256=${hex}`,
    ...(nextSecret !== undefined && { 'X-Operator-Signature-Next': `sha256=${hmacHex(body, nextSecret)}` }),
    'X-Operator-JWS': detachedJws(body, key),
  }
}

function hmacHex(body: Uint8Array, secret: string): string {
  return createHmac('sha256', Buffer.from(secret, 'utf8')).update(body).digest('hex')
}

function detachedJws(body: Uint8Array, { kid, privateKey }: SignatureKey): string {
  const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid })).toString('base64url')
  const payload = Buffer.from(body).toString('base64url')
  const signature = sign(null, Buffer.from(`${header}.${payload}`), privateKey)
  return `${header}..${signature.toString('base64url')}`
}
