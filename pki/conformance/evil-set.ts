/** For each rule of the engine a path that breaks this rule and no other one. */
import { sign, webcrypto } from 'node:crypto'

import { type Certificate, parseCertificate } from '../certificate/certificate.ts'
import { ANY_POLICY } from '../certificate/policy-extensions.ts'
import { DerReader, TAG } from '../der/der-reader.ts'
import {
  writeBitString,
  writeElement,
  writeObjectIdentifier,
  writeSequence,
  writeText,
} from '../der/der-writer.ts'
import { EXTENDED_KEY_USAGE, EXTENSION } from '../der/object-identifiers.ts'
import type { PathValidation } from '../path/path-validation.ts'
import {
  DIGITAL_SIGNATURE,
  extension,
  forge,
  type Forged,
  type Forgery,
  generateKeys,
  KEY_AGREEMENT,
  KEY_CERT_SIGN,
  NOW_MS,
} from '../testing/forge.ts'
import type { Judged } from './judged.ts'

export interface EvilCase extends Judged {
  readonly rule: string
}

const CA = { ca: true, keyUsage: KEY_CERT_SIGN } as const
const PCID = [{ CN: ['EVOV1234567890ABCD'] }]
const CLIENT_AUTH = writeSequence(writeObjectIdentifier('1.3.6.1.5.5.7.3.2'))
const DNS_NAME = 0x82
const PERMITTED = 0xa0
const onlyHost = (host: string): Uint8Array =>
  writeSequence(writeElement(PERMITTED, writeSequence(writeText(DNS_NAME, host))))

/** A valid chain, and what each case changes of it. */
export async function evilSet(): Promise<readonly EvilCase[]> {
  const root = await forge({ subject: 'Root', ...CA })
  const sub = await forge({ subject: 'Sub', issuer: root, ...CA })
  const evil = (rule: string, over: Partial<PathValidation>): EvilCase => ({
    id: rule,
    rule,
    expected: 'refuses',
    validation: () => ({
      leaf: good.certificate,
      intermediates: [sub.certificate],
      roots: [root.certificate],
      atMs: NOW_MS,
      use: 'any',
      ...over,
    }),
  })
  const leaf = async (forgery: Partial<Forgery>): Promise<{ leaf: Certificate }> => ({
    leaf: (await forge({ subject: PCID, issuer: sub, ...forgery })).certificate,
  })
  const below = async (
    issuer: Forged,
    forgery: Partial<Forgery> = {},
  ): Promise<Pick<PathValidation, 'leaf' | 'intermediates'>> => ({
    ...(await leaf({ issuer, ...forgery })),
    intermediates: [issuer.certificate, sub.certificate],
  })
  const good = await forge({ subject: PCID, issuer: sub })
  const plain = await forge({ subject: 'Plain', issuer: sub })
  const mute = await forge({ subject: 'Mute', issuer: sub, ca: true, keyUsage: DIGITAL_SIGNATURE })
  const short = await forge({ subject: 'Sub', issuer: root, ...CA, ca: 0, keys: sub.keys })
  const deep = await forge({ subject: 'Deep', issuer: short, ...CA })
  const hostName = alternativeName('evil.example')
  const nameless = await forge({ subject: [], issuer: sub, ...CA, extensions: [hostName] })
  const strict = await forge({
    subject: 'Strict',
    issuer: sub,
    ...CA,
    extensions: [encoded(EXTENSION.nameConstraints, onlyHost('good.example'))],
  })
  const clientAuth = encoded(EXTENDED_KEY_USAGE_OID, CLIENT_AUTH)
  const secc = [{ DC: ['CPO'] }, { CN: ['DEEVOE1'] }]
  const foreignKeys = { ...sub, keys: await generateKeys() }
  const foreignName = { ...sub, certificate: root.certificate }
  return [
    evil('not-before', await leaf({ validFromMs: NOW_MS + 1000 })),
    evil('not-after', await leaf({ validToMs: NOW_MS - 1000 })),
    evil('critical-extensions', await leaf({ extensions: [extension('1.2.3.4', true)] })),
    evil(
      'constraints-of-cas',
      await leaf({ extensions: [encoded(EXTENSION.nameConstraints, onlyHost('good.example'))] }),
    ),
    evil('signs-only-as-ca', await leaf({ keyUsage: KEY_CERT_SIGN })),
    evil('alternative-name', await leaf({ subject: [] })),
    evil('algorithms', { algorithms: ['ed448'] }),
    evil('public-key', { leaf: await withForeignPoint(good.certificate, sub.keys.privateKey) }),
    evil('end-entity', { ...(await leaf({ ca: true, subject: 'Sub3' })), use: 'contract' }),
    evil('identity', { ...(await leaf({ subject: [{ O: ['Nobody'] }] })), use: 'contract' }),
    evil('domain-component', { ...(await leaf({ subject: secc })), use: 'contract' }),
    evil('role-purpose', { ...(await leaf({ subject: secc, extensions: [clientAuth] })), use: 'secc' }),
    evil('role-key-usage', { ...(await leaf({ keyUsage: KEY_AGREEMENT })), use: 'contract' }),
    evil('purpose', {
      ...(await leaf({ extensions: [clientAuth] })),
      purpose: EXTENDED_KEY_USAGE.serverAuth,
    }),
    evil('name-chaining', await leaf({ issuer: foreignName, issuerName: plain.certificate.subject.der })),
    evil('signature', await leaf({ issuer: foreignKeys })),
    evil('basic-constraints', await below(plain)),
    evil('ca-name', await below(nameless)),
    evil('key-cert-sign', await below(mute)),
    evil('path-length', {
      ...(await below(deep)),
      intermediates: [deep.certificate, short.certificate],
    }),
    evil('path-size', { pathCertificatesMax: 2 }),
    evil('name-constraints', await below(strict, { extensions: [hostName] })),
    evil('policies', { policies: { acceptable: [ANY_POLICY], explicit: true } }),
    evil('revocation', {
      revocation: {
        policy: 'require',
        evidence: { statusOf: () => ({ status: 'unknown', why: 'nobody said' }) },
      },
    }),
  ]
}

const EXTENDED_KEY_USAGE_OID = EXTENSION.extendedKeyUsage

const encoded = (oid: string, value: Uint8Array): ReturnType<typeof extension> =>
  extension(oid, oid !== EXTENDED_KEY_USAGE_OID, Buffer.from(value).toString('hex'))

const alternativeName = (host: string): ReturnType<typeof extension> =>
  encoded(EXTENSION.subjectAltName, writeSequence(writeText(DNS_NAME, host)))

/** The certificate with a key that is not on its curve, signed again by its issuer. */
async function withForeignPoint(
  certificate: Certificate,
  issuerKey: webcrypto.CryptoKey,
): Promise<Certificate> {
  const [signed, algorithm] = partsOf(certificate.der)
  const point = Buffer.from(certificate.publicKeyDer.subarray(-64)).toString('hex')
  const changed = Buffer.from(Buffer.from(signed).toString('hex').replace(point, 'ab'.repeat(64)), 'hex')
  const key = {
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', issuerKey)),
    format: 'der',
    type: 'pkcs8',
  } as const
  const signature = sign('sha256', changed, key)
  return parseCertificate(writeSequence(changed, algorithm, writeBitString(signature)))
}

function partsOf(der: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const outer = new DerReader(der).enter(TAG.sequence)
  return [outer.read(TAG.sequence).encoded, outer.read(TAG.sequence).encoded]
}
