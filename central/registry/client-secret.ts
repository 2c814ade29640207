import { createHash, timingSafeEqual } from 'node:crypto'

import type { Clock, RandomBytes } from '#base'

import type { SecretHashes } from './client.ts'

/** As hard to guess as the key of a token; so a plain hash of it is enough. */
const SECRET_BYTES = 32

/** 43 characters of base64url: safe in a header, a form and a shell. */
export function newSecret(random: RandomBytes): string {
  return Buffer.from(random(SECRET_BYTES)).toString('base64url')
}

/** SHA-256, lower-case hex. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}

/** The hash of no secret that anybody can send. */
const NONE = '0'.repeat(64)

/** Whether the secret is one that counts now. No hashes take as long as wrong ones. */
export function isSecret(secret: string, hashes: SecretHashes | undefined, clock: Clock): boolean {
  const hash = Buffer.from(secretHash(secret))
  const { current = NONE, previous } = hashes ?? {}
  const isCurrent = timingSafeEqual(hash, Buffer.from(current))
  const isPrevious = timingSafeEqual(hash, Buffer.from(previous?.hash ?? NONE))
  return isCurrent || (isPrevious && previous !== undefined && clock() < previous.untilMs)
}
