import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { codeOf } from '#base'

import { CliError } from '../failure.ts'
import { readUtcTime } from '../utc-time.ts'
import type { CeremonyScriptFile } from './ceremony-script.ts'
import type { CeremonyItem } from './hold-ceremony.ts'
import { writeNewFile } from './new-file.ts'

const OPERATOR_CHARACTERS_MAX = 100

/** Who holds a ceremony, when and with what: what the record says besides the results. */
export interface CeremonyFacts {
  readonly script: CeremonyScriptFile
  /** As given: the clock of an offline machine is not asked. */
  readonly heldAt: string
  readonly operators: readonly string[]
  /** Name and version of the program. */
  readonly tool: string
}

/** @throws {CliError} ERR_CLI_USAGE when time or operators cannot be recorded */
export function requireRecordable({ heldAt, operators }: CeremonyFacts): void {
  if (readUtcTime(heldAt) === undefined)
    throw new CliError('ERR_CLI_USAGE', '--at is a time like 2026-01-31T12:00:00Z')
  for (const name of operators)
    if (name.length > OPERATOR_CHARACTERS_MAX || !/^[\p{L}\p{N} .,'()-]+$/u.test(name))
      throw new CliError(
        'ERR_CLI_USAGE',
        `--operator has 1 to ${OPERATOR_CHARACTERS_MAX} letters, digits, spaces and . , ' ( ) -`,
      )
}

/** Whether there is a record of this time. */
export async function hasRecord(directory: string, heldAt: string): Promise<boolean> {
  return (await recordNames(directory)).includes(`${recordName(heldAt)}.json`)
}

/**
 * Writes `records/TIME.md` and `records/TIME.json`, unless everything was there before and is in an earlier record.
 * Gives the path without its ending, or `undefined`.
 *
 * @throws {CeremonyError} ERR_CEREMONY_CONFLICT when there is a record of this time
 */
export async function writeRecord(
  directory: string,
  { facts, items }: { readonly facts: CeremonyFacts; readonly items: readonly CeremonyItem[] },
): Promise<string | undefined> {
  if (await isRecorded(directory, items)) return undefined
  const folder = join(directory, 'records')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const path = join(folder, recordName(facts.heldAt))
  const record = recordOf(facts, items)
  // Without its JSON it is what an interrupted run left behind.
  if (!(await hasRecord(directory, facts.heldAt))) await rm(`${path}.md`, { force: true })
  await writeNewFile(`${path}.md`, { content: markdownOf(record), mode: 0o644 })
  // Last: a record counts once this is there.
  await writeNewFile(`${path}.json`, { content: `${JSON.stringify(record, null, 2)}\n`, mode: 0o644 })
  return path
}

type CeremonyRecord = ReturnType<typeof recordOf>

function recordOf({ script, heldAt, operators, tool }: CeremonyFacts, items: readonly CeremonyItem[]) {
  return {
    title: script.script.title,
    heldAt,
    operators,
    tool,
    script: { file: basename(script.file), sha256: script.sha256Hex },
    certificates: items.map(({ plan, key, keyPlace, keyOutcome, certificate, certificateOutcome }) => ({
      name: plan.name,
      profile: plan.profile,
      subject: certificate.distinguishedName,
      issuer: certificate.issuer.text,
      serialNumber: certificate.serialNumberHex,
      validFrom: plan.validFrom,
      validUntil: plan.validUntil,
      sha256: certificate.fingerprintSha256Hex,
      outcome: certificateOutcome,
      key: {
        algorithm: key.algorithm,
        place: keyPlace,
        // Of the SubjectPublicKeyInfo in DER.
        publicKeySha256: createHash('sha256')
          .update(key.publicKey.export({ type: 'spki', format: 'der' }))
          .digest('hex'),
        outcome: keyOutcome,
      },
    })),
  }
}

function markdownOf({ title, heldAt, operators, tool, script, certificates }: CeremonyRecord): string {
  const lines = [
    `# Record of a key ceremony: ${title}`,
    '',
    `- Held at: ${heldAt}`,
    `- Operators: ${operators.join('; ')}`,
    `- Program: ${tool}`,
    `- Script: ${script.file}, SHA-256 \`${script.sha256}\``,
    '',
    'Fingerprints are SHA-256: of the certificate, and of the public key (SubjectPublicKeyInfo).',
  ]
  for (const { name, profile, subject, issuer, serialNumber, validFrom, validUntil, ...rest } of certificates)
    lines.push(
      '',
      `## ${name}`,
      '',
      `- Profile: ${profile}`,
      `- Subject: ${subject}`,
      `- Issuer: ${issuer}`,
      `- Serial number: \`${serialNumber}\``,
      `- Valid: ${validFrom} to ${validUntil}`,
      `- Certificate (${rest.outcome}): \`${rest.sha256}\``,
      `- Key (${rest.key.outcome}): ${rest.key.algorithm}, ${rest.key.place}`,
      `- Public key: \`${rest.key.publicKeySha256}\``,
    )
  const signatures = operators.flatMap((name) => ['', `${name}: ______________________________`])
  return [...lines, '', '## Signatures', ...signatures, ''].join('\n')
}

async function isRecorded(directory: string, items: readonly CeremonyItem[]): Promise<boolean> {
  const texts = await Promise.all(
    (await recordNames(directory)).map((name) => readFile(join(directory, 'records', name), 'utf8')),
  )
  return items.every(({ certificate }) =>
    texts.some((text) => text.includes(certificate.fingerprintSha256Hex)),
  )
}

async function recordNames(directory: string): Promise<readonly string[]> {
  const names = await readdir(join(directory, 'records')).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  return names.filter((name) => name.endsWith('.json'))
}

/** Colons are no part of file names everywhere. */
const recordName = (heldAt: string): string => heldAt.replaceAll(':', '-')
