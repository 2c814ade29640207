import { createHash } from 'node:crypto'

import { Type, type Static } from 'typebox'

import { CERTIFICATE_PROFILES, type CertificateProfileName } from '#pki'
import { ConfigError, FilePath, parseConfig, readConfigText, SecretSource } from '#service'

import { readUtcTime } from '../utc-time.ts'

const CERTIFICATES_MAX = 100
const closed = { additionalProperties: false } as const

const PROFILES = Object.keys(CERTIFICATE_PROFILES).filter(
  (name): name is CertificateProfileName => name in CERTIFICATE_PROFILES,
)

const Time = Type.String({
  pattern: String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
  description: 'as 2026-01-31T12:00:00Z',
})

const Algorithm = Type.Enum(['ecdsa-p256-sha256', 'ecdsa-p521-sha512', 'ed448'])

const KeyInFile = Type.Object(
  {
    algorithm: Algorithm,
    passphrase: SecretSource,
  },
  { ...closed, description: 'a key in an encrypted file' },
)

const KeyOnToken = Type.Object(
  {
    algorithm: Algorithm,
    pkcs11: Type.Object(
      {
        module: FilePath(),
        token: Type.String({ minLength: 1, maxLength: 32 }),
        pin: SecretSource,
        label: Type.String({ minLength: 1, maxLength: 64 }),
      },
      closed,
    ),
  },
  { ...closed, description: 'a key on a PKCS#11 token' },
)

const CeremonyCertificate = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
      description: 'of the files: NAME.pem, NAME.key.pem',
    }),
    profile: Type.Enum(PROFILES),
    issuer: Type.Optional(Type.String({ description: 'name of a certificate above; absent: self-signed' })),
    subject: Type.Object(
      {
        commonName: Type.String(),
        organizationName: Type.Optional(Type.String()),
        countryName: Type.Optional(Type.String()),
      },
      closed,
    ),
    validFrom: Time,
    validUntil: Time,
    key: Type.Union([KeyInFile, KeyOnToken]),
    revocation: Type.Optional(
      Type.Object(
        { ocspUrl: Type.Optional(Type.String()), crlUrl: Type.Optional(Type.String()) },
        { ...closed, description: 'of what this CA issues' },
      ),
    ),
  },
  closed,
)
export type CeremonyCertificate = Static<typeof CeremonyCertificate>

/** The script of a key ceremony; `config/ceremony.yaml` shows every key. */
export const CeremonyScript = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 200 }),
    certificates: Type.Array(CeremonyCertificate, { minItems: 1, maxItems: CERTIFICATES_MAX }),
  },
  closed,
)
export type CeremonyScript = Static<typeof CeremonyScript>

/** A script that was read, with the SHA-256 of the file it stands in. */
export interface CeremonyScriptFile {
  readonly script: CeremonyScript
  readonly file: string
  readonly sha256Hex: string
}

/**
 * Reads a script and checks what can be told from its text: names, and who issues what in which order. What is wrong
 * with a certificate is told by rehearsing it.
 *
 * @throws {ConfigError} as `loadConfig`; each message names the path of what is wrong
 */
export async function readCeremonyScript(file: string): Promise<CeremonyScriptFile> {
  // Read once: the record must not name other bytes than those that are carried out.
  const text = await readConfigText(file)
  const script = parseConfig(text, CeremonyScript, file)
  const found = script.certificates.flatMap((certificate, i) =>
    complaints(certificate, script.certificates.slice(0, i)).map((what) => `certificates[${i}].${what}`),
  )
  if (found.length > 0) throw new ConfigError('ERR_CONFIG_INVALID', `${file}: ${found.join('; ')}`)
  return { script, file, sha256Hex: createHash('sha256').update(text).digest('hex') }
}

function complaints(
  { name, profile, issuer, validFrom, validUntil, key }: CeremonyCertificate,
  above: readonly CeremonyCertificate[],
): string[] {
  const found: string[] = []
  if (above.some((each) => each.name === name)) found.push('name: used above')
  const isRoot = profile.endsWith('-root') || profile === 'tls-ca'
  if (isRoot && issuer !== undefined) found.push(`issuer: a ${profile} has none`)
  if (!isRoot && issuer === undefined) found.push('issuer: missing')
  if (issuer !== undefined && !above.some((each) => each.name === issuer))
    found.push('issuer: no certificate above has this name')
  for (const [member, time] of Object.entries({ validFrom, validUntil }))
    if (readUtcTime(time) === undefined) found.push(`${member}: no calendar has this date`)
  if (above.some((each) => isSameObject(each.key, key))) found.push('key.pkcs11.label: used above')
  return found
}

function isSameObject(one: CeremonyCertificate['key'], other: CeremonyCertificate['key']): boolean {
  if (!('pkcs11' in one && 'pkcs11' in other)) return false
  const [a, b] = [one.pkcs11, other.pkcs11]
  return a.module === b.module && a.token === b.token && a.label === b.label
}
