/** OCSP responder and server of CRLs on loopback, for certificates that name it. */
import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

import { concatBytes, systemRandom } from '#base'
import {
  type Certificate,
  CertificateAuthority,
  type CertificateProfileName,
  isIssuerOf,
  type KeyedCertificate,
  readOcspRequest,
  type RevocationAddresses,
  signCrl,
  signOcspResponse,
  softwareSigner,
} from '#pki'

import { portOf } from './ports.ts'

const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000

/** What it says is decided by the test: everything is good that is not in `revoked`. */
export interface StatusServer extends AsyncDisposable {
  readonly ocspUrl: string
  readonly crlUrl: string
  readonly revoked: Set<Certificate>
  /** `silent` takes questions and never answers. */
  mode: 'up' | 'silent' | 'down'
  /** Questions so far. */
  readonly asked: number
}

/** Answers for what `issuers` have issued, for an hour at a time; the CRL is that of the first of them. */
export async function startStatusServer(issuers: readonly KeyedCertificate[]): Promise<StatusServer> {
  const revoked = new Set<Certificate>()
  const state: { mode: StatusServer['mode']; asked: number } = { mode: 'up', asked: 0 }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    state.asked++
    if (state.mode === 'silent') return
    if (state.mode === 'down') return void response.writeHead(503).end()
    const body = request.method === 'GET' ? undefined : await bodyOf(request)
    response.end(body === undefined ? await crl(issuers, revoked) : await ocsp(issuers, revoked, body))
  }
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${portOf(server)}`
  return {
    ocspUrl: `${url}/ocsp`,
    crlUrl: `${url}/ca.crl`,
    revoked,
    get asked() {
      return state.asked
    },
    get mode() {
      return state.mode
    },
    set mode(mode) {
      state.mode = mode
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A certificate with the key of `holder` that says where its status is to be had. */
export function issueWithAddresses(
  {
    issuer,
    holder,
    profile,
    commonName,
    notAfterMs = Date.now() + 30 * DAY_MS,
  }: {
    readonly issuer: KeyedCertificate
    readonly holder: Pick<KeyedCertificate, 'privateKey'>
    readonly profile: CertificateProfileName
    readonly commonName: string
    /** Default: a month from now. */
    readonly notAfterMs?: number
  },
  revocation: RevocationAddresses,
): Promise<Certificate> {
  const { certificate, privateKey } = issuer
  const signer = softwareSigner(privateKey)
  return new CertificateAuthority({ certificate, signer, random: systemRandom, revocation }).issue({
    profile,
    subject: { commonName, organizationName: issuer.certificate.organizationName ?? 'EVouch' },
    publicKey: createPublicKey(holder.privateKey),
    notBeforeMs: Date.now() - HOUR_MS,
    notAfterMs,
  })
}

async function ocsp(
  issuers: readonly KeyedCertificate[],
  revoked: ReadonlySet<Certificate>,
  request: Uint8Array,
): Promise<Uint8Array> {
  const [id] = readOcspRequest(request).certificateIds
  const issuer = id && issuers.find(({ certificate }) => isIssuerOf(certificate, id))
  if (id === undefined || issuer === undefined) throw new TypeError('a question about a stranger')
  const isRevoked = [...revoked].some(({ serialNumberHex }) => serialNumberHex === id.serialNumberHex)
  return signOcspResponse(
    {
      responder: issuer.certificate,
      includeCertificate: false,
      producedAtMs: Date.now(),
      answers: [
        {
          certificateId: id,
          status: isRevoked
            ? { status: 'revoked', revokedAtMs: Date.now() - HOUR_MS, reason: 'keyCompromise' }
            : { status: 'good' },
          thisUpdateMs: Date.now(),
          nextUpdateMs: Date.now() + HOUR_MS,
        },
      ],
    },
    softwareSigner(issuer.privateKey),
  )
}

function crl([issuer]: readonly KeyedCertificate[], revoked: ReadonlySet<Certificate>): Promise<Uint8Array> {
  if (issuer === undefined) throw new TypeError('a CRL has an issuer')
  return signCrl(
    {
      issuer: issuer.certificate,
      number: 1n,
      thisUpdateMs: Date.now(),
      nextUpdateMs: Date.now() + HOUR_MS,
      revoked: [...revoked].map(({ serialNumberHex }) => ({
        serialNumberHex,
        revokedAtMs: Date.now() - HOUR_MS,
      })),
    },
    softwareSigner(issuer.privateKey),
  )
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  for await (const part of request) if (part instanceof Uint8Array) parts.push(part)
  return concatBytes(...parts)
}
