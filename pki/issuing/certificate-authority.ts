import type { KeyObject } from 'node:crypto'

import type { RandomBytes, Signer } from '#base'

import { algorithmOfKey } from '../certificate/algorithms.ts'
import { Certificate } from '../certificate/certificate.ts'
import { PkiError } from '../errors.ts'
import { derFromRaw } from '../keys/ecdsa-signature.ts'
import {
  type CertificateFields,
  type CertificateSubject,
  keyIdentifierOf,
  writeCertificate,
  writeName,
  writeToBeSigned,
} from './certificate-encoding.ts'
import { certificateProfile, type CertificateProfileName } from './certificate-profiles.ts'

/** RFC 5280 and the CA/Browser Forum ask for at least 64 unpredictable bits; the V2G roots of the field use 126. */
const SERIAL_NUMBER_BYTES = 16
/** ub-common-name and ub-organization-name of RFC 5280 appendix A. */
const NAME_CHARACTERS_MAX = 64

/** A certificate to be issued. */
export interface CertificateOrder {
  readonly profile: CertificateProfileName
  readonly subject: CertificateSubject
  readonly publicKey: KeyObject
  /** First and last second of validity; milliseconds are cut off. */
  readonly notBeforeMs: number
  readonly notAfterMs: number
  /** DNS names and IP addresses of a server, for the subject alternative name. */
  readonly hostNames?: readonly string[]
}

/**
 * Issues certificates under one CA certificate. Keeps no record: what was issued and may have to be revoked is the
 * caller's to store.
 */
export class CertificateAuthority {
  readonly certificate: Certificate
  readonly #signer: Signer
  readonly #random: RandomBytes

  /** @throws {PkiError} ERR_PKI_ISSUE when the certificate is not a CA's or the signer's kind of key is not its */
  constructor({
    certificate,
    signer,
    random,
  }: {
    certificate: Certificate
    signer: Signer
    random: RandomBytes
  }) {
    if (certificate.basicConstraints?.ca !== true)
      throw issueError(`${certificate.distinguishedName} is not a CA`)
    if (certificate.publicKeyAlgorithm !== signer.algorithm) {
      throw issueError(
        `signer of ${signer.algorithm} for a CA of ${certificate.publicKeyAlgorithm ?? 'unknown'}`,
      )
    }
    this.certificate = certificate
    this.#signer = signer
    this.#random = random
  }

  /**
   * Issues one certificate with a random serial number. A retry issues another one, which does no harm.
   *
   * @throws {PkiError} ERR_PKI_ISSUE when the order contradicts itself or the CA's own certificate (it may not issue
   * CAs, it ends earlier), ERR_PKI_KEY_ALGORITHM when the key is none of ISO 15118's
   */
  async issue(order: CertificateOrder): Promise<Certificate> {
    const { validToMs, basicConstraints, subject, subjectKeyIdentifier } = this.certificate
    if (order.notAfterMs > validToMs) throw issueError('a certificate may not outlive its issuer')
    if (certificateProfile(order.profile).ca !== undefined && basicConstraints?.pathLength === 0) {
      throw issueError(`${subject.text} may not issue CA certificates`)
    }
    return sign(
      order,
      { issuer: subject.der, authorityKeyIdentifier: subjectKeyIdentifier },
      this.#signer,
      this.#random,
    )
  }
}

/**
 * Issues a self-signed root. `signer` must hold the private key of `order.publicKey`.
 *
 * @throws {PkiError} ERR_PKI_ISSUE, ERR_PKI_KEY_ALGORITHM as {@link CertificateAuthority.issue} does
 */
export async function issueRoot(
  order: CertificateOrder,
  { signer, random }: { readonly signer: Signer; readonly random: RandomBytes },
): Promise<Certificate> {
  const root = await sign(order, {}, signer, random)
  if (!root.isSignedBy(root)) throw issueError('the signer does not hold the private key of the root')
  return root
}

async function sign(
  order: CertificateOrder,
  { issuer, authorityKeyIdentifier }: Partial<Pick<CertificateFields, 'issuer' | 'authorityKeyIdentifier'>>,
  signer: Signer,
  random: RandomBytes,
): Promise<Certificate> {
  checkOrder(order)
  const profile = certificateProfile(order.profile)
  const subject = writeName(order.subject, profile.domainComponent)
  const publicKeyDer = order.publicKey.export({ type: 'spki', format: 'der' })
  const subjectKeyIdentifier = keyIdentifierOf(publicKeyDer)
  const toBeSigned = writeToBeSigned({
    profile,
    issuer: issuer ?? subject,
    subject,
    serialNumber: serialNumber(random),
    notBeforeMs: order.notBeforeMs,
    notAfterMs: order.notAfterMs,
    publicKeyDer,
    subjectKeyIdentifier,
    authorityKeyIdentifier: issuer === undefined ? subjectKeyIdentifier : authorityKeyIdentifier,
    hostNames: order.hostNames ?? [],
    signatureAlgorithm: signer.algorithm,
  })
  const raw = await signer.sign(toBeSigned)
  const signature = signer.algorithm === 'ed448' ? raw : derFromRaw(raw)
  return new Certificate(writeCertificate(toBeSigned, signer.algorithm, signature))
}

function checkOrder({ subject, publicKey, notBeforeMs, notAfterMs }: CertificateOrder): void {
  algorithmOfKey(publicKey)
  if (!(notBeforeMs < notAfterMs)) throw issueError('the validity ends before it begins')
  const { commonName, organizationName, countryName } = subject
  for (const text of [commonName, organizationName]) {
    if (text !== undefined && (text === '' || text.length > NAME_CHARACTERS_MAX)) {
      throw issueError(`a name has 1 to ${NAME_CHARACTERS_MAX} characters`)
    }
  }
  if (countryName !== undefined && !/^[A-Z]{2}$/.test(countryName)) {
    throw issueError('a country has two capital letters')
  }
}

/** The top bits are 01, so that the number is positive and always of full length. */
function serialNumber(random: RandomBytes): Uint8Array {
  const bytes = Uint8Array.from(random(SERIAL_NUMBER_BYTES))
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f)
  return bytes
}

const issueError = (what: string): PkiError => new PkiError('ERR_PKI_ISSUE', what)
