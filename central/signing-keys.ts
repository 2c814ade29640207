import { readCertificate, type Certificate } from '#pki'

import type { CentralConfig } from './config.ts'
import { CpsSigner } from './cps/cps-signer.ts'
import { readTimestamp } from './fields.ts'
import { openSigningKey, signingKeyText } from './signing-key-source.ts'
import { CentralError } from './start-error.ts'

/**
 * The signers of the CPS as the config lists them. Their keys are open until `keys` is disposed.
 *
 * @throws {CentralError} ERR_CENTRAL_SIGNER when a key is not the one of its certificate, or a usage window is empty
 * @throws ConfigError, PkiError, HsmError when a file or key cannot be used
 */
export async function openCpsSigners(
  { cps }: Pick<CentralConfig, 'cps'>,
  keys: AsyncDisposableStack,
): Promise<readonly CpsSigner[]> {
  const signers: CpsSigner[] = []
  for (const entry of cps.signers) {
    const signer = new CpsSigner({
      leaf: await readCertificate(entry.certificateFile),
      subCertificates: await readAll(entry.subCertificateFiles),
      root: await readCertificate(entry.rootFile),
      signer: keys.use(await openSigningKey(entry)),
      usableFromMs: timeOf(entry.usableFrom),
      usableUntilMs: timeOf(entry.usableUntil),
    })
    if (signer.usableFromMs >= signer.usableUntilMs)
      throw signerError(`${entry.certificateFile} is never usable: its window ends before it begins`)
    if (!(await signer.holdsKey()))
      throw signerError(`${signingKeyText(entry)} is not the key of ${entry.certificateFile}`)
    signers.push(signer)
  }
  return signers
}

function readAll(files: readonly string[]): Promise<readonly Certificate[]> {
  return Promise.all(files.map((file) => readCertificate(file)))
}

/** A date that no calendar has (30 February) is refused here; the schema knows only the form. */
function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const timeMs = readTimestamp(text)
  if (timeMs === undefined) throw signerError(`${text} is no time`)
  return timeMs
}

const signerError = (what: string): CentralError => new CentralError('ERR_CENTRAL_SIGNER', what)
