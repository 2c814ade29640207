/** A CA with leaves that name where their status is to be had, for tests. */
import { KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { hexFromBytes, type Signer } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { contextPrimitiveTag, contextTag } from '../der/der-reader.ts'
import { writeElement, writeObjectIdentifier, writeSequence, writeText } from '../der/der-writer.ts'
import { softwareSigner } from '../keys/software-signer.ts'
import { DAY_MS, extension, forge, type Forged, type Forgery, NOW_MS } from '../testing/forge.ts'
import { certificateIdOf } from './certificate-id.ts'
import { type CrlOrder, signCrl } from './crl-writer.ts'
import { OCSP, SOURCE_EXTENSION } from './object-identifiers.ts'
import { type OcspResponseOrder, signOcspResponse } from './ocsp-responder.ts'
import type { OcspAnswer } from './ocsp-response.ts'

/** Values of the key usage extension, in hexadecimal. */
const CERT_AND_CRL_SIGN = '03020106'
export const CERT_SIGN_ONLY = '03020204'
export const HOUR_MS = 3_600_000

export interface TestCa extends Forged {
  readonly signer: Signer
}

export async function forgeCa(over: Partial<Forgery> = {}): Promise<TestCa> {
  const forged = await forge({
    subject: 'Test CA',
    ca: true,
    keyUsage: CERT_AND_CRL_SIGN,
    extensions: [extension('2.5.29.14', false, '04080102030405060708')],
    ...over,
  })
  return { ...forged, signer: signerOf(forged) }
}

export const signerOf = ({ keys }: Forged): Signer => softwareSigner(KeyObject.from(keys.privateKey))

/** A leaf of `issuer` that names these addresses. */
export function forgeLeaf(
  issuer: Forged,
  { ocsp, crl, ...over }: Partial<Forgery> & { readonly ocsp?: string; readonly crl?: string } = {},
): Promise<Forged> {
  return forge({
    subject: 'Leaf',
    serialNumber: '0a01',
    issuer,
    extensions: [
      ...(ocsp === undefined
        ? []
        : [extension(SOURCE_EXTENSION.authorityInformationAccess, false, hexFromBytes(ocspAccess(ocsp)))]),
      ...(crl === undefined
        ? []
        : [extension(SOURCE_EXTENSION.crlDistributionPoints, false, hexFromBytes(crlPoint(crl)))]),
    ],
    ...over,
  })
}

const uri = (address: string): Uint8Array => writeText(contextPrimitiveTag(6), address)
const ocspAccess = (address: string): Uint8Array =>
  writeSequence(writeSequence(writeObjectIdentifier(OCSP.accessMethod), uri(address)))
const crlPoint = (address: string): Uint8Array =>
  writeSequence(writeSequence(writeElement(contextTag(0), writeElement(contextTag(0), uri(address)))))

/** A CRL of one day around {@link NOW_MS} that lists nobody. */
export function crlOf(ca: TestCa, over: Partial<CrlOrder> = {}): Promise<Uint8Array> {
  const order = {
    issuer: ca.certificate,
    number: 1n,
    thisUpdateMs: NOW_MS - HOUR_MS,
    nextUpdateMs: NOW_MS + DAY_MS,
    revoked: [],
    ...over,
  }
  return signCrl(order, ca.signer)
}

/** A response of the CA itself, one day around {@link NOW_MS}: good, by SHA-256, unless told otherwise. */
export function responseOf(
  ca: TestCa,
  certificate: Certificate,
  {
    answer = {},
    signer = ca.signer,
    ...over
  }: Partial<OcspResponseOrder> & { readonly answer?: Partial<OcspAnswer>; readonly signer?: Signer } = {},
): Promise<Uint8Array> {
  const answers: readonly OcspAnswer[] = [
    {
      certificateId: certificateIdOf({ certificate, issuer: ca.certificate, hashAlgorithm: 'sha256' }),
      status: { status: 'good' },
      thisUpdateMs: NOW_MS - HOUR_MS,
      nextUpdateMs: NOW_MS + DAY_MS,
      ...answer,
    },
  ]
  const order = {
    responder: ca.certificate,
    includeCertificate: false,
    producedAtMs: NOW_MS - HOUR_MS,
    answers,
    ...over,
  }
  return signOcspResponse(order, signer)
}

/** Allows the addresses of {@link serve}. */
export const LOOPBACK = ['127.0.0.0/8']

/** A real server on loopback until the end of the test; what `listen` throws ends the connection. */
export async function serve(
  listen: (request: IncomingMessage, response: ServerResponse) => unknown,
): Promise<{ readonly url: string; readonly server: Server } & AsyncDisposable> {
  const server = createServer((request, response) => {
    void Promise.resolve(listen(request, response)).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server)}/`,
    server,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The TCP port a server listens on. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address()
  if (address === null || typeof address === 'string')
    throw new TypeError('the server does not listen on TCP')
  return address.port
}

export async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  return new Uint8Array(await buffer(request))
}
