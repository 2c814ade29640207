import { TLSSocket } from 'node:tls'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { base64FromBytes } from '#base'
import {
  CA_KINDS,
  canonicalNamespace,
  EST_ACCESS,
  EST_ROUTES,
  ISO20_NAMESPACE,
  type RouteDescription,
} from '#opcp'
import {
  writeCertificatesOnly,
  writeRequestAttributes,
  type Certificate,
  type CertificateEdition,
} from '#pki'

import { reachOf, type Caller } from '../http/caller.ts'
import { bearerToken, type Authentication } from '../http/operation-route.ts'
import { noteOf } from '../http/server.ts'
import { PoolError } from '../pool-error.ts'
import { clientCertificateRefused, type Enrolment, type EstTarget } from './enrolment.ts'
import { ALGORITHM_NAMES, unknownCa, type AlgorithmName, type OperatorCas } from './operator-ca.ts'

/** Every spelling in use: with and without RFC 7030's prefix, with and without edition and algorithm. */
const PREFIXES = ['', '/.well-known', '/.well-known/est']
const TAILS = ['', '/:edition', '/:edition/:algorithm']

/** A map, not an object: what a path names must not be found in a prototype. */
const EDITIONS: ReadonlyMap<string, CertificateEdition> = new Map([
  ['ISO15118-2', 'iso2'],
  ['ISO15118-20', 'iso20'],
])
const ALGORITHMS: Readonly<Record<CertificateEdition, readonly AlgorithmName[]>> = {
  iso2: ['secp256r1'],
  iso20: ['secp521r1', 'ed448'],
}
const CA_SEGMENT = new RegExp(`^(?:(\\w{1,32})-)?(${CA_KINDS.join('|')})$`)
/** RFC 2045 §6.8. */
const LINE_CHARACTERS = 76

interface EstParts {
  readonly cas: OperatorCas
  readonly enrolment: Enrolment
  readonly authentication: Authentication
}

/** cacerts, csrattrs, simpleenroll and simplereenroll of RFC 7030 under all paths that clients use. */
export function serveEst(app: FastifyInstance, { cas, enrolment, authentication }: EstParts): void {
  const callers = new WeakMap<FastifyRequest, Caller>()
  /** The CA before the caller, as its kind says who may call; both before the body is read. */
  const admit = async (request: FastifyRequest): Promise<void> => {
    const { kind } = readTarget(request)
    const caller = await authentication.verify(bearerToken(request))
    noteOf(request).clientId = caller.clientId
    reachOf(caller, EST_ACCESS[kind])
    callers.set(request, caller)
  }

  // Of its own scope: nothing but these paths takes any kind of body.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_: FastifyRequest, body: Buffer) => body)
    for (const path of PREFIXES.flatMap((prefix) => TAILS.map((tail) => [`${prefix}/:ca`, tail] as const))) {
      const [ca, tail] = path
      scope.get(
        `${ca}/cacerts${tail}`,
        { onRequest: admit, config: described('cacerts') },
        async (request, reply) => {
          const { chain, root } = caFor(cas, readTarget(request))
          return sendCertificates(reply, [...chain, root])
        },
      )
      scope.get(
        `${ca}/csrattrs${tail}`,
        { onRequest: admit, config: described('csrattrs') },
        async (request, reply) => {
          const { certificate } = caFor(cas, readTarget(request))
          const attributes = writeRequestAttributes(certificate)
          return sendBase64(reply, 'application/csrattrs', attributes)
        },
      )
      scope.post(
        `${ca}/simpleenroll${tail}`,
        { onRequest: admit, config: described('simpleenroll') },
        async (request, reply) => {
          const caller = callers.get(request)
          if (caller === undefined) throw new TypeError('a handler runs after the access check')
          return sendCertificates(reply, await enrolment.enrol(readTarget(request), bodyOf(request), caller))
        },
      )
      scope.post(
        `${ca}/simplereenroll${tail}`,
        { onRequest: requireCertificate, config: described('simplereenroll') },
        async (request, reply) =>
          sendCertificates(
            reply,
            await enrolment.renew(readTarget(request), bodyOf(request), clientCertificateOf(request)),
          ),
      )
    }
  })
}

function described(operation: keyof typeof EST_ROUTES): { readonly description: RouteDescription } {
  return { description: EST_ROUTES[operation] }
}

/** As for a token: before the body is read. */
async function requireCertificate(request: FastifyRequest): Promise<void> {
  readTarget(request)
  clientCertificateOf(request)
}

/** @throws {PoolError} ERR_EST_UNKNOWN_CA for a path or query that names what there cannot be */
function readTarget(request: FastifyRequest): EstTarget {
  const [, slug, kindText] = CA_SEGMENT.exec(text(request.params, 'ca') ?? '') ?? []
  const kind = CA_KINDS.find((known) => known === kindText)
  if (kind === undefined) throw unknownCa()
  const [first, second] = [text(request.params, 'edition'), text(request.params, 'algorithm')]
  const named = second === undefined && ALGORITHM_NAMES.some((name) => name === first)
  const algorithm = algorithmFor((named ? first : second) ?? text(request.query, 'algorithm'))
  const edition = editionFor({
    path: named ? undefined : first,
    namespace: text(request.query, 'xsdMsgDefNamespace'),
    algorithm: named ? algorithm : undefined,
  })
  if (edition === undefined || (algorithm !== undefined && !ALGORITHMS[edition].includes(algorithm)))
    throw unknownCa()
  return { kind, slug, edition, algorithm }
}

/** The path counts more than the query, and may name the algorithm alone; without either it is ISO 15118-2. */
function editionFor({
  path,
  namespace,
  algorithm,
}: {
  readonly path: string | undefined
  readonly namespace: string | undefined
  readonly algorithm: AlgorithmName | undefined
}): CertificateEdition | undefined {
  if (path !== undefined) return EDITIONS.get(path)
  if (namespace === undefined) return algorithm === undefined || algorithm === 'secp256r1' ? 'iso2' : 'iso20'
  const canonical = canonicalNamespace(namespace)
  if (canonical === undefined) return undefined
  return canonical === ISO20_NAMESPACE ? 'iso20' : 'iso2'
}

function algorithmFor(name: string | undefined): AlgorithmName | undefined {
  if (name === undefined) return undefined
  const algorithm = ALGORITHM_NAMES.find((known) => known === name)
  if (algorithm === undefined) throw unknownCa()
  return algorithm
}

function caFor(cas: OperatorCas, target: EstTarget): ReturnType<OperatorCas['get']> {
  const [usual] = ALGORITHMS[target.edition]
  const algorithm = target.algorithm ?? usual
  if (algorithm === undefined) throw unknownCa()
  return cas.get({ ...target, algorithm })
}

/** @throws {PoolError} ERR_EST_CLIENT_CERTIFICATE */
function clientCertificateOf(request: FastifyRequest): Uint8Array {
  const { socket } = request.raw
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  if (certificate === undefined) throw clientCertificateRefused('is missing')
  return new Uint8Array(certificate.raw)
}

function bodyOf({ body }: FastifyRequest): Uint8Array {
  if (body instanceof Uint8Array && body.length > 0) return body
  throw new PoolError('ERR_EST_REQUEST', 'The body must be a certificate request.')
}

function sendCertificates(reply: FastifyReply, certificates: readonly Certificate[]): FastifyReply {
  return sendBase64(
    reply,
    'application/pkcs7-mime; smime-type=certs-only',
    writeCertificatesOnly(certificates),
  )
}

function sendBase64(reply: FastifyReply, type: string, der: Uint8Array): FastifyReply {
  const lines = base64FromBytes(der).match(new RegExp(`.{1,${LINE_CHARACTERS}}`, 'g')) ?? []
  return reply
    .header('content-type', type)
    .header('content-transfer-encoding', 'base64')
    .send(`${lines.join('\n')}\n`)
}

function text(members: unknown, name: string): string | undefined {
  if (typeof members !== 'object' || members === null) return undefined
  const value: unknown = Object.getOwnPropertyDescriptor(members, name)?.value
  return typeof value === 'string' ? value : undefined
}
