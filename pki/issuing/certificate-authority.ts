import { generateKeyPairSync, type KeyObject, type KeyPairKeyObjectResult } from 'node:crypto'

import type { RandomBytes, SignatureAlgorithm, Signer } from '#base'

import { algorithmOfKey } from '../certificate/algorithms.ts'
import { Certificate } from '../certificate/certificate.ts'
import { PkiError } from '../errors.ts'
import { softwareSigner } from '../keys/software-signer.ts'
import { certificateProfile, type CertificateProfileName } from '../profiles/certificate-profiles.ts'
import {
  type CertificateFields,
  type CertificateSubject,
  keyIdentifierOf,
  type RevocationAddresses,
  writeName,
  writeSigned,
  writeToBeSigned,
} from './certificate-encoding.ts'
import { lintCertificate } from './certificate-lint.ts'

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
  /** Big-endian, 1 to 20 bytes without the sign, at least 64 bits of them random. Default: 126 random bits. */
  readonly serialNumber?: Uint8Array
}

/**
 * Issues certificates under one CA certificate. Keeps no record: what was issued and may have to be revoked is the
 * caller's to store.
 */
export class CertificateAuthority {
  readonly certificate: Certificate
  readonly #signer: Signer
  readonly #random: RandomBytes
  readonly #revocation: RevocationAddresses

  /**
   * `revocation` goes into every certificate it issues.
   *
   * @throws {PkiError} ERR_PKI_ISSUE when the certificate is not a CA's or the signer's kind of key is not its
   */
  constructor({
    certificate,
    signer,
    random,
    revocation = {},
  }: {
    certificate: Certificate
    signer: Signer
    random: RandomBytes
    revocation?: RevocationAddresses
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
    this.#revocation = revocation
  }

  /**
   * Issues one certificate. A retry issues another one, which does no harm. The very bytes that are to be signed have
   * passed the lint of their profile, signed by a throwaway key, before the CA's key is used.
   *
   * @throws {PkiError} ERR_PKI_ISSUE when the order contradicts itself or the CA's own certificate (it may not issue
   * CAs, it ends earlier) or the signer's signature is not the CA's, ERR_PKI_KEY_ALGORITHM when the key is none of
   * ISO 15118's, ERR_PKI_LINT when the result would be against its profile
   */
  async issue(order: CertificateOrder): Promise<Certificate> {
    const { validToMs, basicConstraints, subject, subjectKeyIdentifier } = this.certificate
    if (order.notAfterMs > validToMs) throw issueError('a certificate may not outlive its issuer')
    if (certificateProfile(order.profile).ca !== undefined && basicConstraints?.pathLength === 0) {
      throw issueError(`${subject.text} may not issue CA certificates`)
    }
    const issued = await sign(
      order,
      { issuer: subject.der, authorityKeyIdentifier: subjectKeyIdentifier, revocation: this.#revocation },
      this.#signer,
      this.#random,
    )
    if (!issued.isSignedBy(this.certificate)) throw issueError('the signer does not hold the key of the CA')
    return issued
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

type IssuerFields = Pick<CertificateFields, 'issuer' | 'authorityKeyIdentifier' | 'revocation'>

async function sign(
  order: CertificateOrder,
  { issuer, authorityKeyIdentifier, revocation = {} }: Partial<IssuerFields>,
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
    serialNumber: order.serialNumber ?? randomSerialNumber(random),
    notBeforeMs: order.notBeforeMs,
    notAfterMs: order.notAfterMs,
    publicKeyDer,
    subjectKeyIdentifier,
    authorityKeyIdentifier: issuer === undefined ? subjectKeyIdentifier : authorityKeyIdentifier,
    hostNames: order.hostNames ?? [],
    signatureAlgorithm: signer.algorithm,
    revocation,
  })
  requireFit(await writeSigned(toBeSigned, throwawaySigner(signer.algorithm)), order.profile)
  const signed = await writeSigned(toBeSigned, signer)
  // Signatures of one key differ by some bytes, and so a certificate can be too large after all.
  requireFit(signed, order.profile)
  return new Certificate(signed)
}

/** @throws {PkiError} ERR_PKI_LINT */
function requireFit(der: Uint8Array, profile: CertificateProfileName): void {
  const findings = lintCertificate(der, profile).filter(({ severity }) => severity === 'require')
  if (findings.length === 0) return
  const what = findings.map(({ code, message, source }) => `${code}: ${message} (${source})`).join('; ')
  throw new PkiError('ERR_PKI_LINT', `not a ${profile} certificate: ${what}`)
}

const throwawaySigners = new Map<SignatureAlgorithm, Signer>()

/** One per kind of key and process: nobody trusts what it signs, and nothing it signs leaves this file. */
function throwawaySigner(algorithm: SignatureAlgorithm): Signer {
  const made = throwawaySigners.get(algorithm) ?? softwareSigner(THROWAWAY_KEY[algorithm]().privateKey)
  throwawaySigners.set(algorithm, made)
  return made
}

const THROWAWAY_KEY: Readonly<Record<SignatureAlgorithm, () => KeyPairKeyObjectResult>> = {
  'ecdsa-p256-sha256': () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  'ecdsa-p521-sha512': () => generateKeyPairSync('ec', { namedCurve: 'secp521r1' }),
  ed448: () => generateKeyPairSync('ed448'),
}

function checkOrder({ subject, publicKey, notBeforeMs, notAfterMs, serialNumber }: CertificateOrder): void {
  algorithmOfKey(publicKey)
  if (serialNumber !== undefined && (serialNumber.length > 20 || (serialNumber[0] ?? 0x80) >= 0x80))
    throw issueError('a serial number has 1 to 20 bytes and is positive')
  if (!(notBeforeMs < notAfterMs)) throw issueError('the validity ends before it begins')
  const { commonName, organizationName, countryName } = subject
  for (const text of [commonName, organizationName]) {
    if (text !== undefined && (text === '' || Array.from(text).length > NAME_CHARACTERS_MAX)) {
      throw issueError(`a name has 1 to ${NAME_CHARACTERS_MAX} characters`)
    }
  }
  if (countryName !== undefined && !/^[A-Z]{2}$/.test(countryName)) {
    throw issueError('a country has two capital letters')
  }
}

/** 126 random bits. The top bits are 01, so that the number is positive and always of full length. */
export function randomSerialNumber(random: RandomBytes): Uint8Array {
  const bytes = Uint8Array.from(random(SERIAL_NUMBER_BYTES))
  bytes[0] = 0x40 | ((bytes[0] ?? 0) & 0x3f)
  return bytes
}

const issueError = (what: string): PkiError => new PkiError('ERR_PKI_ISSUE', what)
