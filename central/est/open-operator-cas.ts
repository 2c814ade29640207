import { readCertificate, type RevocationAddresses } from '#pki'

import type { CentralConfig } from '../config.ts'
import { openSigningKey, signingKeyText } from '../signing-key-source.ts'
import { CentralError } from '../start-error.ts'
import { OperatorCa, OperatorCas } from './operator-ca.ts'

type Entry = CentralConfig['operatorCas'][number]

/**
 * The operator CAs as the config lists them. Their keys are open until `keys` is disposed.
 *
 * @throws {CentralError} ERR_CENTRAL_SIGNER when a key is not the one of its certificate, ERR_CENTRAL_OPERATOR_CA when
 * the certificates are no chain or two CAs are the same
 * @throws ConfigError, PkiError, HsmError when a file or key cannot be used
 */
export async function openOperatorCas(
  { operatorCas }: Pick<CentralConfig, 'operatorCas'>,
  keys: AsyncDisposableStack,
): Promise<OperatorCas> {
  const opened: OperatorCa[] = []
  for (const entry of operatorCas) opened.push(await openOperatorCa(entry, keys))
  return new OperatorCas(opened)
}

async function openOperatorCa(entry: Entry, keys: AsyncDisposableStack): Promise<OperatorCa> {
  const { name, kind, slug, registrationRequired, retired, validityDays } = entry
  const certificate = await readCertificate(entry.certificateFile)
  const signer = keys.use(await openSigningKey(entry))
  if (!signer.publicKey.equals(certificate.publicKey))
    throw new CentralError(
      'ERR_CENTRAL_SIGNER',
      `${signingKeyText(entry)} is not the key of ${entry.certificateFile}`,
    )
  return new OperatorCa({
    name,
    kind,
    slug,
    certificate,
    subCertificates: await Promise.all(entry.subCertificateFiles.map((file) => readCertificate(file))),
    root: await readCertificate(entry.rootFile),
    signer,
    registrationRequired,
    retired,
    validityDays,
    revocation: addressesOf(entry),
  })
}

/** The paths of this program, under the address that stations reach it by. */
function addressesOf({ name, revocationUrl }: Entry): RevocationAddresses {
  if (revocationUrl === undefined) return {}
  const base = revocationUrl.replace(/\/$/, '')
  return { ocspUrl: `${base}/ocsp/${name}`, crlUrl: `${base}/crl/${name}.crl` }
}
