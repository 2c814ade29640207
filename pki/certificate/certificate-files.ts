import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { codeOf, messageOf } from '#base'

import { PkiError } from '../errors.ts'
import { type Certificate, parseCertificate, parseCertificates } from './certificate.ts'

/** A bundle of about a thousand certificates. */
const CERTIFICATE_FILE_BYTES_MAX = 2 * 1024 * 1024
const DIRECTORY_FILES_MAX = 1000
const CERTIFICATE_FILE = /\.(?:pem|crt|cer|der)$/i
const KEY_FILE = /\.key\.pem$/i

/**
 * Reads the certificates of one file: any number in PEM, one in DER.
 *
 * @throws {PkiError} ERR_PKI_FILE when it cannot be read, ERR_PKI_FILE_TOO_LARGE, and the codes of `parseCertificate`
 * with the file's name in the message; a file without a certificate is ERR_PKI_CERTIFICATE
 */
export async function readCertificates(file: string): Promise<readonly Certificate[]> {
  const bytes = await readLimited(file)
  const certificates = namingFile(file, () => parseCertificates(bytes))
  if (certificates.length === 0) throw new PkiError('ERR_PKI_CERTIFICATE', `${file} holds no certificate`)
  return certificates
}

/** Reads a file that holds exactly one certificate, PEM or DER. Throws what {@link readCertificates} throws. */
export async function readCertificate(file: string): Promise<Certificate> {
  const bytes = await readLimited(file)
  return namingFile(file, () => parseCertificate(bytes))
}

/**
 * Reads every certificate of a directory (`.pem`, `.crt`, `.cer`, `.der`, in the order of the file names; `.key.pem`
 * and subdirectories are left alone). What `--roots DIR` takes.
 *
 * @throws {PkiError} as {@link readCertificates} for the first bad file: a trust store is read whole or not at all
 */
export async function readCertificateDirectory(directory: string): Promise<readonly Certificate[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((error: unknown) => {
    throw new PkiError('ERR_PKI_FILE', `cannot read directory ${directory}`, { cause: error })
  })
  const names = entries
    .filter(
      (entry) => !entry.isDirectory() && CERTIFICATE_FILE.test(entry.name) && !KEY_FILE.test(entry.name),
    )
    .map((entry) => entry.name)
    .toSorted()
  if (names.length > DIRECTORY_FILES_MAX) {
    throw new PkiError('ERR_PKI_FILE_TOO_LARGE', `${directory} holds more than ${DIRECTORY_FILES_MAX} files`)
  }
  const certificates: Certificate[] = []
  for (const name of names) certificates.push(...(await readCertificates(join(directory, name))))
  return certificates
}

async function readLimited(file: string): Promise<Uint8Array> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    if (size > CERTIFICATE_FILE_BYTES_MAX) {
      throw new PkiError(
        'ERR_PKI_FILE_TOO_LARGE',
        `${file} has ${size} bytes, limit ${CERTIFICATE_FILE_BYTES_MAX}`,
      )
    }
    return await handle.readFile()
  } catch (error) {
    if (error instanceof PkiError) throw error
    throw new PkiError('ERR_PKI_FILE', `cannot read ${file}: ${codeOf(error) ?? messageOf(error)}`, {
      cause: error,
    })
  }
}

function namingFile<T>(file: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
    throw new PkiError(error.code, `${file}: ${error.message}`, { cause: error })
  }
}
