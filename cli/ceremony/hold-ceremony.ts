import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'

import { codeOf, type RandomBytes } from '#base'
import { lintCertificate, readCertificate, type Certificate, type SigningKey } from '#pki'

import { CeremonyError } from './ceremony-error.ts'
import { keyPlaceOf, type KeyPlace } from './ceremony-keys.ts'
import type { CeremonyCertificate, CeremonyScriptFile } from './ceremony-script.ts'
import { writeNewFile } from './new-file.ts'
import { issue, rehearse, type Issuer } from './rehearsal.ts'

export interface CeremonyOrder {
  readonly script: CeremonyScriptFile
  readonly directory: string
  readonly random: RandomBytes
}

/** What is there of one certificate of the script before the ceremony. */
interface Finding {
  readonly plan: CeremonyCertificate
  readonly place: KeyPlace
  readonly key: SigningKey | undefined
  readonly certificate: Certificate | undefined
  /** The same certificate with throwaway keys. */
  readonly pattern: Certificate
}

/** `made` by this run; `found` from an earlier one, and checked against the script. */
type Outcome = 'made' | 'found'

/** One certificate of the script as it stands after the ceremony. */
export interface CeremonyItem extends Issuer {
  readonly keyPlace: string
  readonly keyOutcome: Outcome
  readonly certificateOutcome: Outcome
}

/** What a run would do, found out without writing anything. */
export interface CeremonyCheck {
  readonly name: string
  readonly keyPlace: string
  readonly key: 'found' | 'to be made'
  readonly certificate: 'found' | 'to be made'
  /** What the profile advises against and does not forbid. */
  readonly remarks: readonly string[]
}

/**
 * Rehearses the script and looks at what is there, without writing: secrets are read, tokens logged in to, and what an
 * earlier run made is compared with the script.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID, ERR_CONFIG_SECRET
 * @throws {CeremonyError} ERR_CEREMONY_CONFLICT
 * @throws PkiError, HsmError when a key that is there cannot be opened
 */
export async function checkCeremony(order: CeremonyOrder): Promise<readonly CeremonyCheck[]> {
  await using keys = new AsyncDisposableStack()
  return (await survey(order, keys)).map(({ plan, place, key, certificate, pattern }) => ({
    name: plan.name,
    keyPlace: place.text,
    key: key === undefined ? 'to be made' : 'found',
    certificate: certificate === undefined ? 'to be made' : 'found',
    remarks: lintCertificate(pattern, plan.profile).map(({ message, source }) => `${message} (${source})`),
  }))
}

/**
 * Makes what the script says and is not there yet, each file and key once and never over another one: a run that was
 * interrupted is finished by the next. Nothing is made unless {@link checkCeremony} passes.
 *
 * @throws as {@link checkCeremony}
 */
export async function holdCeremony(order: CeremonyOrder): Promise<readonly CeremonyItem[]> {
  await using keys = new AsyncDisposableStack()
  const findings = await survey(order, keys)
  await mkdir(order.directory, { recursive: true, mode: 0o700 })
  const items = new Map<string, CeremonyItem>()
  for (const { plan, place, ...found } of findings) {
    const key = found.key ?? keys.use(await place.make())
    const issuer = plan.issuer === undefined ? undefined : items.get(plan.issuer)
    const certificate = found.certificate ?? (await issue(plan, { key, issuer, random: order.random }))
    if (found.certificate === undefined)
      await writeNewFile(certificateFile(order, plan), { content: certificate.toPem(), mode: 0o644 })
    items.set(plan.name, {
      plan,
      key,
      certificate,
      keyPlace: place.text,
      keyOutcome: found.key === undefined ? 'made' : 'found',
      certificateOutcome: found.certificate === undefined ? 'made' : 'found',
    })
  }
  return [...items.values()]
}

async function survey(order: CeremonyOrder, keys: AsyncDisposableStack): Promise<readonly Finding[]> {
  const rehearsed = await rehearse(order.script, order.random)
  const findings = new Map<string, Finding>()
  for (const { plan, certificate: pattern } of rehearsed) {
    const place = await keyPlaceOf(plan, order)
    const key = await place.open()
    if (key !== undefined) keys.use(key)
    const certificate = await existingCertificate(certificateFile(order, plan))
    const finding = { plan, place, key, certificate, pattern }
    const issuer = plan.issuer === undefined ? finding : findings.get(plan.issuer)
    const what = conflict(finding, issuer?.certificate)
    if (what !== undefined) throw new CeremonyError('ERR_CEREMONY_CONFLICT', `${plan.name}: ${what}`)
    findings.set(plan.name, finding)
  }
  return [...findings.values()]
}

function conflict(
  { plan, key, certificate, pattern }: Finding,
  issuer: Certificate | undefined,
): string | undefined {
  if (key !== undefined && key.algorithm !== plan.key.algorithm) return `its key is of ${key.algorithm}`
  if (certificate === undefined) return undefined
  if (key === undefined) return 'its certificate is there and its key is not'
  if (!certificate.publicKey.equals(key.publicKey)) return 'its certificate is of another key'
  if (issuer === undefined || !certificate.isSignedBy(issuer)) return 'its certificate has another issuer'
  if (!isDeepStrictEqual(contentOf(certificate), contentOf(pattern)))
    return 'its certificate is not as the script says'
  return undefined
}

/** What the script decides of a certificate: all but serial number, keys and their identifiers. */
function contentOf({ subject, issuer, validFromMs, validToMs, extensions }: Certificate): unknown {
  const decided = extensions.filter(({ oid }) => !KEY_IDENTIFIERS.includes(oid))
  return { subject: subject.der, issuer: issuer.der, validFromMs, validToMs, decided }
}

/** Subject and authority key identifier, RFC 5280 sections 4.2.1.2 and 4.2.1.1. */
const KEY_IDENTIFIERS: readonly string[] = ['2.5.29.14', '2.5.29.35']

async function existingCertificate(file: string): Promise<Certificate | undefined> {
  return await readCertificate(file).catch((error: unknown) => {
    if (error instanceof Error && codeOf(error.cause) === 'ENOENT') return undefined
    throw error
  })
}

const certificateFile = ({ directory }: CeremonyOrder, { name }: CeremonyCertificate): string =>
  join(directory, `${name}.pem`)
