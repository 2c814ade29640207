import { hash, timingSafeEqual } from 'node:crypto'

import type { Authentication } from '#ocpp'
import { readSecret } from '#service'

import type { GatewayConfig } from './config.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Who may connect. Only digests are kept; they also make all comparisons equally long. */
export class ChargePointPasswords {
  readonly #digests: ReadonlyMap<string, Uint8Array>

  private constructor(digests: ReadonlyMap<string, Uint8Array>) {
    this.#digests = digests
  }

  /** @throws {ConfigError} ERR_CONFIG_SECRET */
  static async read(
    chargePoints: GatewayConfig['ocpp']['chargePoints'],
    environment: Environment,
  ): Promise<ChargePointPasswords> {
    const digests = new Map<string, Uint8Array>()
    for (const { identity, password } of chargePoints) {
      // oxlint-disable-next-line no-await-in-loop -- thousands of files at once would run out of descriptors
      digests.set(identity, digestOf(Buffer.from((await readSecret(password, environment)).reveal())))
    }
    return new ChargePointPasswords(digests)
  }

  authenticate({
    identity,
    password,
  }: {
    identity: string
    password: Uint8Array | undefined
  }): Authentication {
    const expected = this.#digests.get(identity)
    if (expected === undefined) return 'unknown-identity'
    if (password === undefined) return 'bad-credentials'
    return timingSafeEqual(expected, digestOf(password)) ? 'accepted' : 'bad-credentials'
  }
}

/** Passwords of charge points are random (A00.FR.304): a slow hash would protect nothing and cost every handshake. */
function digestOf(password: Uint8Array): Uint8Array {
  return hash('sha256', password, 'buffer')
}
