import { readFile } from 'node:fs/promises'

import { type Static, Type } from 'typebox'

import { messageOf } from '#base'
import { FilePath, readSecret, SecretSource } from '#service'

import { EmulatorError } from './errors.ts'
import type { GatewayAccess } from './rpc-connection.ts'

/** OCPP 2.0.1, part 4, §3.1.1. */
const IDENTITY_CHARACTERS_MAX = 48
/** What a small machine can drive; more emulators can run side by side. */
const CHARGE_POINTS_MAX = 1_000
const SEED_MAX = 0x7fff_ffff

const closed = { additionalProperties: false } as const

const ChargePointConfig = Type.Object(
  {
    identity: Type.String({
      pattern: `^[^:/]{1,${IDENTITY_CHARACTERS_MAX}}$`,
      description: 'identity of the charge point: appended to the URL, and user name of Basic authentication',
    }),
    password: SecretSource,
  },
  closed,
)

const GatewayConfig = Type.Object(
  {
    url: Type.String({ pattern: '^wss?://', description: 'OCPP endpoint without the identity' }),
    certificateAuthoritiesFile: Type.Optional(
      FilePath({ description: 'PEM: CAs to trust for a wss URL instead of those of Node.js' }),
    ),
  },
  closed,
)

const LoadConfig = Type.Object(
  {
    installations: Type.Integer({ minimum: 1, default: 1_000, description: 'how many to run in all' }),
    seed: Type.Integer({
      minimum: 0,
      maximum: SEED_MAX,
      default: 1,
      description: 'the same seed draws the same vehicles in the same order',
    }),
  },
  { ...closed, default: {} },
)

/** The config file of the emulator. Relative paths are counted from the folder of the file. */
export const ChargerEmulatorConfig = Type.Object(
  {
    gateway: GatewayConfig,
    chargePoints: Type.Array(ChargePointConfig, {
      minItems: 1,
      maxItems: CHARGE_POINTS_MAX,
      description: 'the first one installs single contracts; a load uses all of them at once',
    }),
    vehicles: Type.Array(
      FilePath({ description: 'directory of a vehicle, as evouch pki create writes it' }),
      {
        minItems: 1,
        description: 'the first one installs single contracts; a load draws from all of them',
      },
    ),
    pkiDirectory: Type.Optional(
      FilePath({ description: 'the PKI the vehicles come from; some faults need another certificate of it' }),
    ),
    load: LoadConfig,
  },
  closed,
)
export type ChargerEmulatorConfig = Static<typeof ChargerEmulatorConfig>

/**
 * The charge points of a config, their secrets read.
 *
 * @throws {ConfigError} ERR_CONFIG_SECRET; {EmulatorError} ERR_CHARGE_POINT_CONNECT when the CA file cannot be read
 */
export async function gatewayAccesses({
  gateway,
  chargePoints,
}: ChargerEmulatorConfig): Promise<readonly GatewayAccess[]> {
  const caPem = await readAuthorities(gateway.certificateAuthoritiesFile)
  return Promise.all(
    chargePoints.map(async ({ identity, password }) => ({
      url: gateway.url,
      identity,
      password: await readSecret(password),
      caPem,
    })),
  )
}

async function readAuthorities(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new EmulatorError('ERR_CHARGE_POINT_CONNECT', `cannot read CA file: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
