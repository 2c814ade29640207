import { Type, type Static, type TString } from 'typebox'

import { CA_KINDS, ROLES } from '#opcp'
import { FilePath, FileUrl, LogLevel, revocationConfig, RevocationUse, SecretSource } from '#service'

import { PeerConfig } from './federation/peer-config.ts'
import { RequestLimits } from './http/request-limits.ts'
import { RcpConfig } from './rcp/rcp-config.ts'
import { PERMISSIONS, POOL_PERMISSIONS } from './registry/client.ts'
import { SIGNING_KEY_MEMBERS } from './signing-key-source.ts'
import { WebhookConfig } from './webhooks/webhook-config.ts'

const closed = { additionalProperties: false } as const

const Listen = Type.Object(
  {
    host: Type.String({ default: '127.0.0.1', description: 'address to listen on' }),
    port: Type.Integer({ minimum: 0, maximum: 65_535, default: 7401, description: '0: any free one' }),
  },
  { ...closed, default: {} },
)

const Tls = Type.Object(
  {
    certificateFile: FilePath({ description: 'PEM: server certificate, then its sub CAs' }),
    privateKeyFile: FilePath({ description: 'PEM, mode 0600' }),
  },
  closed,
)

const Database = Type.Object(
  {
    url: FileUrl('sqlite:', {
      // A password has a place of its own.
      pattern: String.raw`^(?:sqlite:.+|postgres(?:ql)?://(?![^/@]*:[^/@]*@)(?!.*[?&]password=).+)$`,
      description:
        'sqlite:FILE, made at the first start, or postgres://USER@HOST/DATABASE, shared by as many processes as there are',
    }),
    password: Type.Optional(SecretSource),
  },
  closed,
)

const Token = Type.Object(
  {
    issuer: Type.String({ minLength: 1, default: 'https://localhost:7401/', description: 'claim iss' }),
    audience: Type.String({
      minLength: 1,
      default: 'https://localhost:7401',
      description: 'URL of this stage: claim aud, and prefix of the claims of roles and identifiers',
    }),
    audienceAliases: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description: 'other audiences that clients may ask for',
    }),
    lifetimeSeconds: Type.Integer({ minimum: 60, maximum: 604_800, default: 86_400 }),
    keyFile: FilePath({
      description: 'RSA key that signs tokens; made at the first start, mode 0600',
    }),
  },
  closed,
)

const Client = Type.Object(
  {
    clientId: Type.String({ minLength: 1, maxLength: 256 }),
    secret: SecretSource,
    name: Type.String({ default: '', description: 'claim client_name' }),
    roles: Type.Array(Type.Enum([...ROLES]), { minItems: 1, uniqueItems: true }),
    participant: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'the company, when it has several clients; default: the clientId',
      }),
    ),
    person: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'ADMIN: who holds the secret; two clients of one person are no four eyes',
      }),
    ),
    permissions: Type.Array(Type.Enum([...PERMISSIONS]), {
      uniqueItems: true,
      default: [...POOL_PERMISSIONS],
      description:
        'pools the client may use; the role matrix of OPCP applies on top; administration has to be named',
    }),
    wmis: Type.Array(Type.String({ pattern: '^[A-Za-z0-9]{3}$' }), {
      default: [],
      description: 'OEM: first three characters of its PCIDs',
    }),
    providerIds: Type.Array(Type.String({ pattern: '^[A-Za-z]{2}[A-Za-z0-9]{3}$' }), {
      default: [],
      description: 'MO: first five characters of its EMAIDs',
    }),
    operatorIds: Type.Array(Type.String({ pattern: '^[A-Za-z]{2}[A-Za-z0-9]{3}$' }), {
      default: [],
      description: 'CPO: first five characters of its EVSEIDs',
    }),
  },
  closed,
)

const Time = (description: string): TString =>
  Type.String({
    pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
    description: `${description} (2026-01-31T12:00:00Z)`,
  })

const CpsSigner = Type.Object(
  {
    certificateFile: FilePath({ description: 'PEM: CPS leaf' }),
    subCertificateFiles: Type.Array(FilePath(), {
      minItems: 1,
      maxItems: 4,
      description: 'PEM: sub CA 2, then sub CA 1',
    }),
    rootFile: FilePath({ description: 'PEM: the V2G root of the chain' }),
    ...SIGNING_KEY_MEMBERS,
    usableFrom: Type.Optional(Time('signs from then on; default: the start of its certificate')),
    usableUntil: Type.Optional(Time('signs before then; default: the end of its certificate')),
  },
  closed,
)

const Ccp = Type.Object(
  {
    negativeExiStatus: Type.Union([Type.Literal(404), Type.Literal(200)], {
      default: 404,
      description:
        'of an answer that tells the vehicle in EXI why there is no contract; 200: for backends that forward nothing else',
    }),
    fallbackWhenNoDefault: Type.Union([Type.Literal('none'), Type.Literal('oldest')], {
      default: 'none',
      description: 'what a vehicle gets none of whose contracts is the default',
    }),
    unknownRoots: Type.Union([Type.Literal('deliver'), Type.Literal('refuse')], {
      default: 'deliver',
      description: 'what becomes of a vehicle that lists no V2G root of the RCP: many list anything',
    }),
  },
  { ...closed, default: {} },
)

const CA_NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$'

const Mo = Type.Object(
  {
    contractAuthority: Type.Optional(
      Type.String({
        pattern: CA_NAME_PATTERN,
        description:
          'name of the operatorCa, of kind mo and for ISO 15118-2, that issues contract certificates for mobility operators without a PKI',
      }),
    ),
  },
  { ...closed, default: {} },
)

const OperatorCa = Type.Object(
  {
    name: Type.String({
      pattern: CA_NAME_PATTERN,
      description: 'in the addresses /ocsp/{name} and /crl/{name}.crl; unique',
    }),
    kind: Type.Enum([...CA_KINDS], { description: 'whom it issues to, and its name in the paths of EST' }),
    slug: Type.Optional(
      Type.String({
        pattern: String.raw`^\w{1,32}$`,
        description: 'EST path {slug}-{kind}: a CA of one company',
      }),
    ),
    certificateFile: FilePath({ description: 'PEM: the CA that issues (sub CA 2)' }),
    subCertificateFiles: Type.Array(FilePath(), {
      maxItems: 3,
      description: 'PEM: the CAs between it and the root, from the bottom up',
    }),
    rootFile: FilePath({ description: 'PEM: the root of the chain' }),
    ...SIGNING_KEY_MEMBERS,
    registrationRequired: Type.Boolean({
      default: false,
      description:
        'issue to registered end entities only: PUT /v1/vra/{cpo,oem,mo}/endEntities, for veh those of oem; not for cps',
    }),
    retired: Type.Boolean({
      default: false,
      description:
        'issues nothing any more, so that another CA can have its kind and slug; answers OCSP and signs CRLs as before',
    }),
    validityDays: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 14_610,
        description: 'default: cpo 90, mo 730, oem and veh 1461, cps 365',
      }),
    ),
    revocationUrl: Type.Optional(
      Type.String({
        pattern: String.raw`^https?://[!-~]{1,200}$`,
        description: 'where stations reach /ocsp and /crl of this program: goes into the certificates',
      }),
    ),
  },
  closed,
)

/** The config file of the central program; `config/central.yaml` shows every key. */
export const CentralConfig = Type.Object(
  {
    listen: Listen,
    tls: Tls,
    database: Database,
    token: Token,
    clients: Type.Array(Client, { minItems: 1 }),
    limits: RequestLimits,
    cps: Type.Object(
      {
        signers: Type.Array(CpsSigner, {
          default: [],
          description: 'per V2G root one, or more with windows of usage; the first root is the default',
        }),
      },
      { ...closed, default: {} },
    ),
    ccp: Ccp,
    rcp: RcpConfig,
    mo: Mo,
    operatorCas: Type.Array(OperatorCa, { default: [], description: 'CAs that issue over EST' }),
    revocation: revocationConfig({
      contract: RevocationUse,
      cps: RevocationUse,
      'oem-provisioning': RevocationUse,
    }),
    webhooks: WebhookConfig,
    peers: PeerConfig,
    log: Type.Object({ level: Type.Union([LogLevel], { default: 'info' }) }, { ...closed, default: {} }),
  },
  closed,
)
export type CentralConfig = Static<typeof CentralConfig>
