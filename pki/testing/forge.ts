/**
 * Certificates for tests, right and wrong, made by an encoder that is not ours: what this one writes and our reader
 * accepts was not agreed between them.
 */
import 'reflect-metadata'
import { webcrypto } from 'node:crypto'

import * as x509 from '@peculiar/x509'

import { Certificate } from '../certificate/certificate.ts'

x509.cryptoProvider.set(webcrypto)

export const NOW_MS = Date.UTC(2026, 0, 1)
export const DAY_MS = 86_400_000

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** Values of the key usage extension, in hexadecimal. */
export const KEY_CERT_SIGN = '03020204'
export const DIGITAL_SIGNATURE = '03020780'
export const KEY_AGREEMENT = '03020308'
export const DIGITAL_SIGNATURE_AND_KEY_AGREEMENT = '03020388'

export interface Forged {
  readonly certificate: Certificate
  readonly keys: webcrypto.CryptoKeyPair
}

export interface Forgery {
  /** Attributes in the order of the encoding, like `[{ O: ['x'] }, { CN: ['y'] }]`; a string is a CN alone. */
  readonly subject: string | Record<string, string[]>[]
  /** Absent: self-signed. */
  readonly issuer?: Forged
  /** The name put in as issuer; default: the issuer's. */
  readonly issuerName?: Uint8Array
  readonly keys?: webcrypto.CryptoKeyPair
  readonly validFromMs?: number
  readonly validToMs?: number
  /** `true` or a path length make a CA; `false` says explicitly that it is none; absent: no extension. */
  readonly ca?: boolean | number
  readonly keyUsage?: string
  readonly extensions?: readonly x509.Extension[]
  readonly serialNumber?: string
}

export async function forge(forgery: Forgery): Promise<Forged> {
  const keys = forgery.keys ?? (await generateKeys())
  return { certificate: new Certificate(await forgeDer({ ...forgery, keys })), keys }
}

/** The bytes alone, for what the parser must refuse. */
export async function forgeDer(forgery: Forgery): Promise<Uint8Array> {
  const { issuer, validFromMs = NOW_MS - DAY_MS, validToMs = NOW_MS + DAY_MS } = forgery
  const keys = forgery.keys ?? (await generateKeys())
  const subject = nameOf(forgery.subject)
  const issuerDer = forgery.issuerName ?? issuer?.certificate.subject.der
  const made = await x509.X509CertificateGenerator.create({
    serialNumber: forgery.serialNumber ?? '01',
    subject,
    // As a Name: from a string the library would encode it with other string types.
    issuer: issuerDer === undefined ? subject : new x509.Name(Uint8Array.from(issuerDer)),
    notBefore: new Date(validFromMs),
    notAfter: new Date(validToMs),
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: P256,
    extensions: [...extensionsOf(forgery)],
  })
  return new Uint8Array(made.rawData)
}

export function extension(oid: string, critical: boolean, valueHex = '0500'): x509.Extension {
  return new x509.Extension(oid, critical, Uint8Array.from(Buffer.from(valueHex, 'hex')))
}

function* extensionsOf({ ca, keyUsage, extensions = [] }: Forgery): Generator<x509.Extension> {
  if (ca !== undefined) {
    yield new x509.BasicConstraintsExtension(ca !== false, typeof ca === 'number' ? ca : undefined, true)
  }
  if (keyUsage !== undefined) yield extension('2.5.29.15', true, keyUsage)
  yield* extensions
}

function nameOf(subject: Forgery['subject']): x509.Name {
  return new x509.Name(typeof subject === 'string' ? [{ CN: [subject] }] : subject)
}

export function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(P256, true, ['sign', 'verify'])
}
