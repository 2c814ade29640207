import { type Command, Option } from 'commander'

import { systemClock } from '#base'
import {
  CrlEvidence,
  explainPath,
  lintCertificate,
  type PathValidation,
  profileOfUse,
  readCertificates,
} from '#pki'

import { CliError, EXIT, type Outcome, unusableInput } from './failure.ts'
import { readTrustDirectory } from './inspect/trust-directory.ts'
import { type CommandIo } from './io.ts'
import { readCrlDirectory } from './pki-explain-crls.ts'
import { type ExplainProfile, explainReport } from './pki-explain-report.ts'
import { explainText } from './pki-explain-text.ts'
import { utcTimeOption } from './utc-time.ts'

interface ExplainCommandOptions {
  readonly roots: string
  readonly crls?: string
  readonly requireRevocation?: boolean
  readonly at?: number
  readonly profile: ExplainProfile
  readonly json?: boolean
}

const USE: Readonly<Record<ExplainProfile, PathValidation['use']>> = {
  contract: 'contract',
  oem: 'oem-provisioning',
  cps: 'cps',
  secc: 'secc',
  none: 'any',
}

/** Adds `evouch pki explain`. */
export function addPkiExplainCommand(pki: Command, io: CommandIo, outcome: Outcome): void {
  pki
    .command('explain')
    .description('Judge a certificate and tell each rule it keeps, or the one it breaks, with its section.')
    .argument('<leaf>', 'file, PEM or DER; further certificates in it count as intermediates')
    .argument('[intermediates...]', 'files with sub CAs, in any order')
    .requiredOption(
      '--roots <dir>',
      'the trusted roots (*.pem, *.crt, *.cer, *.der), with sub CAs beside them',
    )
    .option('--crls <dir>', 'also look at revocation, by the CRLs (*.crl, PEM or DER) in this directory')
    .option('--require-revocation', 'refuse what is not known to be good')
    .option('--at <time>', 'judge at this time instead of now, as 2026-01-31T12:00:00Z', utcTimeOption)
    .addOption(
      new Option('--profile <name>', 'also judge by the rules of a role')
        .choices(Object.keys(USE))
        .default('none'),
    )
    .option('--json', 'for machines; the members are explained in docs/pki-explain.md')
    .addHelpText('after', '\nExit codes: 0 valid, 1 refused, 2 unusable input.')
    .action(async (leaf: string, intermediates: readonly string[], options: ExplainCommandOptions) => {
      const { at: atMs = systemClock(), profile, json = false } = options
      const validation = await readValidation([leaf, ...intermediates], { ...options, at: atMs })
      const use = USE[profile]
      const { leaf: read } = validation
      const remarks = use === 'any' ? [] : lintCertificate(read, profileOfUse(use, read), 'input')
      const report = explainReport(explainPath(validation), { atMs, profile, remarks })
      io.writeOutput(json ? `${JSON.stringify(report, null, 2)}\n` : explainText(report))
      outcome.exitCode = report.valid ? EXIT.success : EXIT.failure
    })
}

async function readValidation(
  files: readonly string[],
  { roots, crls, requireRevocation = false, at, profile }: ExplainCommandOptions & { readonly at: number },
): Promise<PathValidation> {
  const trust = await readTrustDirectory(roots)
  const [leaf, ...intermediates] = (await Promise.all(files.map(certificatesIn))).flat()
  if (leaf === undefined) throw new CliError('ERR_CLI_INPUT_FILE', 'no certificate to explain')
  const evidence =
    crls === undefined && !requireRevocation
      ? undefined
      : new CrlEvidence({ crls: crls === undefined ? [] : await readCrlDirectory(crls) })
  return {
    leaf,
    intermediates: [...intermediates, ...trust.intermediates],
    roots: trust.roots,
    atMs: at,
    use: USE[profile],
    ...(evidence && { revocation: { evidence, policy: requireRevocation ? 'require' : 'prefer' } }),
  }
}

async function certificatesIn(file: string): ReturnType<typeof readCertificates> {
  try {
    return await readCertificates(file)
  } catch (error) {
    throw unusableInput(error)
  }
}
