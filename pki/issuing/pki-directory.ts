/**
 * A throwaway PKI as files. Every `X.pem` of ours has its `X.key.pem` (mode 0600) beside it:
 *
 * ```
 * v2g/root  {oem,mo}/{root,sub1,sub2}  {cps,cpo}/{sub1,sub2,leaf}  tls/{ca,central,gateway}
 * trust/{v2g,oem,mo}.pem                          the roots alone, for --roots
 * vehicles/<PCID>/{certificate,sub1,sub2,expired-certificate}.pem, certificate.key.pem, roots/v2g.pem
 * ```
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

import { codeOf } from '#base'

import { readCertificate, readCertificateDirectory } from '../certificate/certificate-files.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { PkiError } from '../errors.ts'
import { privateKeyPem, readPrivateKey } from '../keys/private-key.ts'
import {
  type KeyedCertificate,
  PKI_MEMBERS,
  type PkiMember,
  type ThrowawayPki,
  type VehicleCredentials,
  wholePki,
} from './throwaway-pki.ts'

const TRUSTED = ['v2g', 'oem', 'mo'] as const

/**
 * Writes the PKI as a whole: a process that dies half way leaves nothing under the directory's name.
 *
 * @throws {PkiError} ERR_PKI_DIRECTORY when the directory exists and is not empty; nothing is overwritten
 */
export async function writePkiDirectory(directory: string, pki: ThrowawayPki): Promise<void> {
  await writeWhole(directory, async (draft) => {
    for (const member of PKI_MEMBERS) await writeKeyed(join(draft, member), pki[member])
    for (const name of TRUSTED)
      await writePem(join(draft, 'trust', `${name}.pem`), pki[`${name}/root`].certificate)
  })
}

/**
 * Reads what {@link writePkiDirectory} wrote.
 *
 * @throws {PkiError} the codes of `readCertificate` and `readPrivateKey`; ERR_PKI_DIRECTORY when a key is not that of
 * its certificate
 */
export async function readPkiDirectory(directory: string): Promise<ThrowawayPki> {
  const pki: Partial<Record<PkiMember, KeyedCertificate>> = {}
  for (const member of PKI_MEMBERS) pki[member] = await readKeyed(join(directory, member))
  return wholePki(pki)
}

/**
 * Writes the vehicle under `vehicles/<PCID>` of a PKI directory, as a whole, and gives that path.
 *
 * @throws {PkiError} ERR_PKI_DIRECTORY when the vehicle is there already
 */
export async function writeVehicle(pkiDirectory: string, vehicle: VehicleCredentials): Promise<string> {
  const directory = join(pkiDirectory, 'vehicles', vehicle.pcid)
  await writeWhole(directory, async (draft) => {
    await writeKeyed(join(draft, 'certificate'), vehicle)
    await writePem(join(draft, 'expired-certificate.pem'), vehicle.expiredCertificate)
    await writePem(join(draft, 'sub1.pem'), vehicle.sub1)
    await writePem(join(draft, 'sub2.pem'), vehicle.sub2)
    await writePem(join(draft, 'roots', 'v2g.pem'), ...vehicle.v2gRoots)
  })
  return directory
}

/**
 * Reads a vehicle's directory; every certificate under `roots` is one the vehicle trusts.
 *
 * @throws {PkiError} as {@link readPkiDirectory}; ERR_PKI_DIRECTORY when the certificate has no CN to be the PCID
 */
export async function readVehicle(directory: string): Promise<VehicleCredentials> {
  const keyed = await readKeyed(join(directory, 'certificate'))
  const pcid = keyed.certificate.commonName
  if (pcid === undefined)
    throw new PkiError('ERR_PKI_DIRECTORY', `${directory}: the certificate has no common name`)
  return {
    ...keyed,
    pcid,
    expiredCertificate: await readCertificate(join(directory, 'expired-certificate.pem')),
    sub1: await readCertificate(join(directory, 'sub1.pem')),
    sub2: await readCertificate(join(directory, 'sub2.pem')),
    v2gRoots: await readCertificateDirectory(join(directory, 'roots')),
  }
}

async function readKeyed(stem: string): Promise<KeyedCertificate> {
  const certificate = await readCertificate(`${stem}.pem`)
  const privateKey = await readPrivateKey(`${stem}.key.pem`)
  if (!isKeyOf(privateKey, certificate)) {
    throw new PkiError('ERR_PKI_DIRECTORY', `${stem}.key.pem is not the key of ${stem}.pem`)
  }
  return { certificate, privateKey }
}

const isKeyOf = (privateKey: KeyObject, certificate: Certificate): boolean =>
  createPublicKey(privateKey).equals(certificate.publicKey)

/** Lets `write` fill a draft beside the directory and renames it into place, which happens wholly or not at all. */
async function writeWhole(directory: string, write: (draft: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(directory), { recursive: true })
  const draft = await mkdtemp(join(dirname(directory), `.${basename(directory)}.new-`))
  try {
    await write(draft)
    // mkdtemp gives 0700; the certificates are for everybody, the keys have modes of their own.
    await chmod(draft, 0o755)
    await rename(draft, directory)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    const code = codeOf(error)
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error
    throw new PkiError('ERR_PKI_DIRECTORY', `${directory} exists and is not empty`, { cause: error })
  }
}

async function writeKeyed(stem: string, { certificate, privateKey }: KeyedCertificate): Promise<void> {
  await writePem(`${stem}.pem`, certificate)
  await writeFile(`${stem}.key.pem`, privateKeyPem(privateKey), { mode: 0o600, flag: 'wx' })
}

async function writePem(file: string, ...certificates: readonly Certificate[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, certificates.map((certificate) => certificate.toPem()).join(''), { flag: 'wx' })
}
