import type { RandomBytes } from '#base'
import { CertificateAuthority, readCertificate, readPrivateKey, softwareSigner, type Certificate } from '#pki'

import type { CentralConfig } from './config.ts'
import { CpsSigner } from './cps/cps-signer.ts'
import type { ContractAuthority } from './cps/provisioning-service.ts'
import { CentralError } from './start-error.ts'

/**
 * The signers of the CPS from their files.
 *
 * @throws {CentralError} ERR_CENTRAL_SIGNER when a key is not the one of its certificate
 * @throws PkiError when a file cannot be used
 */
export async function readCpsSigners({ cps }: Pick<CentralConfig, 'cps'>): Promise<readonly CpsSigner[]> {
  return await Promise.all(
    cps.signers.map(async (files) => {
      const signer = new CpsSigner({
        leaf: await readCertificate(files.certificateFile),
        subCertificates: await readAll(files.subCertificateFiles),
        root: await readCertificate(files.rootFile),
        signer: softwareSigner(await readPrivateKey(files.privateKeyFile)),
      })
      if (await signer.holdsKey()) return signer
      throw new CentralError(
        'ERR_CENTRAL_SIGNER',
        `${files.privateKeyFile} is not the key of ${files.certificateFile}`,
      )
    }),
  )
}

/** The CA of contract certificates; `undefined` when none is configured. @throws as {@link readCpsSigners} */
export async function readContractAuthority(
  { mo }: Pick<CentralConfig, 'mo'>,
  random: RandomBytes,
): Promise<ContractAuthority | undefined> {
  const files = mo.contractAuthority
  if (files === undefined) return undefined
  const certificate = await readCertificate(files.certificateFile)
  const signer = softwareSigner(await readPrivateKey(files.privateKeyFile))
  return {
    authority: new CertificateAuthority({ certificate, signer, random }),
    chain: [certificate, ...(await readAll(files.subCertificateFiles))],
  }
}

function readAll(files: readonly string[]): Promise<readonly Certificate[]> {
  return Promise.all(files.map((file) => readCertificate(file)))
}
