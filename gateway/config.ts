import { Type, type Static } from 'typebox'

import { IDENTITY_CHARACTERS_MAX, OCPP_LIMITS } from '#ocpp'
import { FilePath, LogLevel, revocationConfig, RevocationUse, SecretSource } from '#service'

/** ISO 15118-2 leaves the charge point 4.5 s; half a second belongs to OCPP and the charge point itself. */
const BUDGET_MS_MAX = 4_000
const BUDGET_MS_DEFAULT = 3_500
/**
 * What OCPP 2.1 allows and 2.0.1 charge points announce (FieldLength). The 5,600 of the 2.0.1 schema are too few for
 * the answers of real pools, which have about 5,800.
 */
const EXI_RESPONSE_CHARACTERS_DEFAULT = 17_000

const closed = { additionalProperties: false } as const

const ChargePointConfig = Type.Object(
  {
    identity: Type.String({
      pattern: `^[^:/]{1,${IDENTITY_CHARACTERS_MAX}}$`,
      description:
        'identity of the charge point: last part of its URL and user name of its Basic authentication',
    }),
    password: SecretSource,
  },
  closed,
)

const TlsConfig = Type.Object(
  {
    certificateFile: FilePath({ description: 'PEM: certificate of the gateway, then its sub CAs' }),
    privateKeyFile: FilePath({ description: 'PEM: private key of that certificate, mode 0600' }),
  },
  {
    ...closed,
    description: 'wss (security profile 2); without it ws (profile 1), for a trusted network only',
  },
)

const LimitsConfig = Type.Object(
  {
    connectionsMax: Type.Integer({
      minimum: 1,
      default: OCPP_LIMITS.connectionsMax,
      description: 'charge points at once',
    }),
    pingIntervalMs: Type.Integer({
      minimum: 1_000,
      default: OCPP_LIMITS.pingIntervalMs,
      description: 'a charge point silent for so long after a ping is disconnected',
    }),
    takeoverProbeMs: Type.Integer({
      minimum: 100,
      maximum: 10_000,
      default: OCPP_LIMITS.takeoverProbeMs,
      description: 'time a connection has to answer a ping when its identity connects again',
    }),
    drainMs: Type.Integer({
      minimum: 0,
      maximum: 60_000,
      default: OCPP_LIMITS.drainMs,
      description: 'time for calls in progress when the gateway is stopped',
    }),
  },
  { ...closed, default: {} },
)

const OcppConfig = Type.Object(
  {
    host: Type.String({ minLength: 1, default: 'localhost', description: 'name or address to listen on' }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 7400,
      description: '0: chosen by the system',
    }),
    path: Type.String({
      pattern: '^(/[A-Za-z0-9._~-]+)*$',
      default: '/ocpp',
      description: 'charge points connect to this path and their identity',
    }),
    tls: Type.Optional(TlsConfig),
    heartbeatIntervalSeconds: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      default: 300,
      description: 'told to charge points in the answer to BootNotification',
    }),
    chargePoints: Type.Array(ChargePointConfig, { maxItems: 100_000, description: 'who may connect' }),
    limits: LimitsConfig,
  },
  closed,
)

const CentralConfig = Type.Object(
  {
    baseUrl: Type.String({ pattern: '^https?://', description: 'OPCP service, without /v1' }),
    tokenUrl: Type.String({ pattern: '^https?://', description: 'OAuth2 token endpoint' }),
    audience: Type.Optional(
      Type.String({ minLength: 1, description: 'names the stage that the token is for' }),
    ),
    certificateAuthoritiesFile: Type.Optional(
      FilePath({ description: 'PEM: CAs to trust for both URLs instead of those of Node.js' }),
    ),
    clientId: SecretSource,
    clientSecret: SecretSource,
    connectionsMax: Type.Integer({
      minimum: 1,
      maximum: 1_024,
      default: 16,
      description: 'HTTP connections',
    }),
  },
  closed,
)

const InstallationConfig = Type.Object(
  {
    budgetMs: Type.Integer({
      minimum: 100,
      maximum: BUDGET_MS_MAX,
      default: BUDGET_MS_DEFAULT,
      description: 'from the request of the charge point to its answer, token and retries included',
    }),
    exiResponseCharactersMax: Type.Integer({
      minimum: 1_000,
      maximum: 60_000,
      default: EXI_RESPONSE_CHARACTERS_DEFAULT,
      description: 'longest exiResponse that the charge points take (OCPPCommCtrlr.FieldLength)',
    }),
    inFlightMax: Type.Integer({ minimum: 1, default: 256, description: 'installations in progress at once' }),
    vehicleIntermediatesFile: Type.Optional(
      FilePath({
        description: 'PEM: sub CAs of OEMs; with them, the chain of a vehicle is verified here too',
      }),
    ),
  },
  { ...closed, default: {} },
)

const RootsConfig = Type.Object(
  {
    file: FilePath({ description: 'where root certificates are kept over a restart' }),
    refreshIntervalSeconds: Type.Integer({
      minimum: 60,
      maximum: 604_800,
      default: 3_600,
      description: 'how often the root certificate pool is asked',
    }),
  },
  closed,
)

/** The config file of the gateway. Relative paths are counted from the folder of the file. */
export const GatewayConfig = Type.Object(
  {
    log: Type.Object(
      {
        level: Type.Union([LogLevel], { default: 'info', description: 'least severe level that is written' }),
      },
      { ...closed, default: {} },
    ),
    ocpp: OcppConfig,
    central: CentralConfig,
    installation: InstallationConfig,
    roots: RootsConfig,
    revocation: revocationConfig({ cps: RevocationUse, 'oem-provisioning': RevocationUse }),
  },
  closed,
)
export type GatewayConfig = Static<typeof GatewayConfig>
