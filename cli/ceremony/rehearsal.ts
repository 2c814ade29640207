import { CodedError, messageOf, type RandomBytes } from '#base'
import {
  CertificateAuthority,
  generateSigningKeyPair,
  issueRoot,
  softwareSigner,
  type Certificate,
  type SigningKey,
} from '#pki'
import { ConfigError } from '#service'

import type { CeremonyCertificate, CeremonyScriptFile } from './ceremony-script.ts'

/** A certificate with the key that signs below it. */
export interface Issuer {
  readonly certificate: Certificate
  readonly key: Pick<SigningKey, 'algorithm' | 'publicKey' | 'sign'>
  readonly plan: CeremonyCertificate
}

/**
 * Issues every certificate of the script in memory, with throwaway keys: what this accepts, the real keys will be asked
 * to sign. Gives the certificates in the order of the script, as a pattern of what must come out.
 *
 * @throws {ConfigError} ERR_CONFIG_INVALID with every certificate that cannot be issued, by its path
 */
export async function rehearse(
  { script, file }: CeremonyScriptFile,
  random: RandomBytes,
): Promise<readonly Issuer[]> {
  const issuers = new Map<string, Issuer>()
  const found: string[] = []
  for (const [i, plan] of script.certificates.entries()) {
    const { privateKey, publicKey } = await generateSigningKeyPair(plan.key.algorithm)
    const key = { ...softwareSigner(privateKey), publicKey }
    const issuer = plan.issuer === undefined ? undefined : issuers.get(plan.issuer)
    // Below one that cannot be issued there is nothing to say.
    if (plan.issuer !== undefined && issuer === undefined) continue
    try {
      issuers.set(plan.name, { plan, key, certificate: await issue(plan, { key, issuer, random }) })
    } catch (error) {
      if (!(error instanceof CodedError)) throw error
      found.push(`certificates[${i}]: ${messageOf(error)}`)
    }
  }
  if (found.length > 0) throw new ConfigError('ERR_CONFIG_INVALID', `${file}: ${found.join('; ')}`)
  return [...issuers.values()]
}

/** Issues one certificate of a script. @throws PkiError ERR_PKI_ISSUE, ERR_PKI_LINT */
export async function issue(
  plan: CeremonyCertificate,
  {
    key,
    issuer,
    random,
  }: { readonly key: Issuer['key']; readonly issuer: Issuer | undefined; readonly random: RandomBytes },
): Promise<Certificate> {
  const order = {
    profile: plan.profile,
    subject: plan.subject,
    publicKey: key.publicKey,
    notBeforeMs: Date.parse(plan.validFrom),
    notAfterMs: Date.parse(plan.validUntil),
  }
  if (issuer === undefined) return await issueRoot(order, { signer: key, random })
  const { certificate, key: signer } = issuer
  const { revocation = {} } = issuer.plan
  return await new CertificateAuthority({ certificate, signer, random, revocation }).issue(order)
}
