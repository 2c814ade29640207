import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { codeOf, messageOf } from '#base'
import { type Certificate, parseCertificates } from '#pki'

import { CliError, UnusableInput } from '../failure.ts'

/** Certificates a person vouches for: self-issued ones are the roots, the others may complete a chain. */
export interface TrustDirectory {
  readonly roots: readonly Certificate[]
  readonly intermediates: readonly Certificate[]
}

/** More than any trust store; bounds what a folder named by mistake costs. */
const FILES_MAX = 1_000

const CERTIFICATE_FILE = /\.(?:pem|crt|cer|der)$/i

/**
 * Reads every certificate file of a directory, not of those below it; keys beside them are left alone.
 *
 * @throws {CliError} ERR_CLI_INPUT_FILE @throws {UnusableInput} with the code of what refused a file
 */
export async function readTrustDirectory(directory: string): Promise<TrustDirectory> {
  const names = await listed(directory)
  const files = names.filter((name) => CERTIFICATE_FILE.test(name) && !name.endsWith('.key.pem')).toSorted()
  if (files.length > FILES_MAX)
    throw new CliError(
      'ERR_CLI_INPUT_FILE',
      `${directory}: ${files.length} certificate files, limit ${FILES_MAX}`,
    )
  const certificates: Certificate[] = []
  for (const name of files) certificates.push(...(await certificatesIn(join(directory, name))))
  const roots = certificates.filter((certificate) => certificate.isSelfIssued)
  if (roots.length === 0) throw new CliError('ERR_CLI_INPUT_FILE', `${directory}: no root certificate in it`)
  return { roots, intermediates: certificates.filter((certificate) => !certificate.isSelfIssued) }
}

async function listed(directory: string): Promise<string[]> {
  try {
    return await readdir(directory)
  } catch (error) {
    throw new CliError('ERR_CLI_INPUT_FILE', messageOf(error), { cause: error })
  }
}

async function certificatesIn(file: string): Promise<readonly Certificate[]> {
  try {
    return parseCertificates(await readFile(file))
  } catch (error) {
    throw new UnusableInput(codeOf(error) ?? 'ERR_INTERNAL', `${file}: ${messageOf(error)}`, { cause: error })
  }
}
