import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { CodedError, messageOf } from '#base'
import { parseCrl } from '#pki'

import { CliError, UnusableInput } from './failure.ts'

type CertificateRevocationList = ReturnType<typeof parseCrl>

const CRL_FILE = /\.crl$/i
/** More than a PKI has CAs; bounds what a folder named by mistake costs. */
const CRL_FILES_MAX = 200
/** The largest CRL that is read, in its PEM form. */
const CRL_FILE_BYTES_MAX = 24 * 1024 * 1024
/** Of all of them: they are held at once. */
const CRLS_BYTES_MAX = 256 * 1024 * 1024

/**
 * Reads every CRL of a directory, PEM or DER: all of them or none.
 *
 * @throws {CliError} ERR_CLI_INPUT_FILE, ERR_CLI_INPUT_TOO_LARGE
 * @throws {UnusableInput} with the code of what refused a file
 */
export async function readCrlDirectory(directory: string): Promise<readonly CertificateRevocationList[]> {
  const names = await listed(directory)
  if (names.length > CRL_FILES_MAX)
    throw new CliError('ERR_CLI_INPUT_TOO_LARGE', `${directory}: more than ${CRL_FILES_MAX} CRLs`)
  const files = names.toSorted().map((name) => join(directory, name))
  const sizes = await Promise.all(files.map(sizeOf))
  if (sizes.reduce((sum, size) => sum + size, 0) > CRLS_BYTES_MAX)
    throw new CliError('ERR_CLI_INPUT_TOO_LARGE', `${directory}: more than ${CRLS_BYTES_MAX} bytes of CRLs`)
  const crls: CertificateRevocationList[] = []
  for (const file of files) crls.push(await crlIn(file))
  return crls
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size
  } catch (error) {
    throw new CliError('ERR_CLI_INPUT_FILE', messageOf(error), { cause: error })
  }
}

async function listed(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => CRL_FILE.test(name))
  } catch (error) {
    throw new CliError('ERR_CLI_INPUT_FILE', messageOf(error), { cause: error })
  }
}

async function crlIn(file: string): Promise<CertificateRevocationList> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    if (size > CRL_FILE_BYTES_MAX)
      throw new CliError('ERR_CLI_INPUT_TOO_LARGE', `${size} bytes, limit ${CRL_FILE_BYTES_MAX}`)
    return parseCrl(await handle.readFile())
  } catch (error) {
    const [code, what] = [
      error instanceof CodedError ? error.code : undefined,
      `${file}: ${messageOf(error)}`,
    ]
    if (code === undefined) throw new CliError('ERR_CLI_INPUT_FILE', what, { cause: error })
    throw new UnusableInput(code, what, { cause: error })
  }
}
