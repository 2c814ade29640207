import type { Clock } from '#base'
import { codeOf, messageOf } from '#base'
import type { CaKind } from '#opcp'
import {
  parseCertificate,
  readCertificateRequest,
  type Certificate,
  type CertificateEdition,
  type CertificateRequest,
} from '#pki'

import type { Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'
import { readEndEntityName, type EndEntityName } from './end-entity-name.ts'
import type { EndEntityStore } from './end-entity-store.ts'
import { certificateSubjectOf, type Issuance } from './issuance.ts'
import { PROVISIONING_REQUESTER, type IssuedCertificate, type IssuedStore } from './issued-store.ts'
import type { AlgorithmName, OperatorCa, OperatorCas } from './operator-ca.ts'

/** Which CA a path of EST speaks of; the request's key decides between those of one edition. */
export interface EstTarget {
  readonly kind: CaKind
  readonly slug: string | undefined
  readonly edition: CertificateEdition
  /** Absent where the path leaves it open. */
  readonly algorithm: AlgorithmName | undefined
}

/** A certificate with what its client needs besides: leaf first. */
export type Enrolled = readonly Certificate[]

interface Parts {
  readonly cas: OperatorCas
  readonly issuance: Issuance
  readonly issued: IssuedStore
  readonly endEntities: EndEntityStore
  readonly clock: Clock
}

/** Enrolment over secure transport: RFC 7030, with the rules of OPCP for who may have which name. */
export class Enrolment {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** @throws {PoolError} ERR_EST_UNKNOWN_CA, ERR_EST_REQUEST, ERR_EST_COMMON_NAME, ERR_POOL_NOT_OWNER, ERR_EST_NOT_REGISTERED */
  async enrol(target: EstTarget, body: Uint8Array, caller: Caller): Promise<Enrolled> {
    const { ca, request, name } = this.#read(target, body)
    name.requireOwner(caller)
    return await this.#issue({ ca, request, name, requester: caller.clientId })
  }

  /**
   * Renews with the certificate that is to be renewed, for the very same subject (RFC 7030 §4.2.2): whoever holds its key
   * needs no token. The new one belongs to the same client.
   *
   * Contracts that the CPS has made are not renewed like this: their keys are in vehicles, and how long they last is the
   * mobility operator's to say. It orders a new one from the CPS.
   *
   * @throws {PoolError} ERR_EST_CLIENT_CERTIFICATE when it is none of this CA's records, expired or revoked; ERR_EST_OTHER_NAME;
   * ERR_EST_NOT_RENEWABLE; those of {@link enrol}
   */
  async renew(target: EstTarget, body: Uint8Array, clientCertificateDer: Uint8Array): Promise<Enrolled> {
    const certificate = readClientCertificate(clientCertificateDer)
    const { requester } = await this.#judge(target, certificate)
    if (requester === PROVISIONING_REQUESTER)
      throw new PoolError('ERR_EST_NOT_RENEWABLE', 'The contract is renewed by its mobility operator.')
    const { ca, request, name } = this.#read(target, body)
    requireSameSubject({ certificate, request, name })
    return await this.#issue({ ca, request, name, requester })
  }

  #read(
    target: EstTarget,
    body: Uint8Array,
  ): { readonly ca: OperatorCa; readonly request: CertificateRequest; readonly name: EndEntityName } {
    const request = readRequest(body)
    const algorithm = algorithmFor(target, request)
    const ca = this.#parts.cas.get({ ...target, algorithm })
    const [commonName, ...others] = request.subject.values('CN')
    if (others.length > 0) throw new PoolError('ERR_EST_COMMON_NAME', 'commonName : must be there once')
    return { ca, request, name: readEndEntityName(target.kind, commonName, target.edition) }
  }

  async #issue(order: {
    readonly ca: OperatorCa
    readonly request: CertificateRequest
    readonly name: EndEntityName
    readonly requester: string
  }): Promise<Enrolled> {
    const { ca, request, name, requester } = order
    const { endEntities, issuance } = this.#parts
    if (ca.registry !== undefined && !(await endEntities.isRegistered(ca.registry, name.key)))
      throw new PoolError('ERR_EST_NOT_REGISTERED', 'The common name is not registered.')
    const leaf = await issuance.issue({ ca, request, commonName: name.commonName, requester })
    // Clients of the CPO's CA expect one certificate, the others cut sub CA 2 and sub CA 1 out of the answer.
    return ca.kind === 'cpo' ? [leaf] : [leaf, ...ca.chain]
  }

  /** Any CA of the kind counts: a station may go from one edition to the other. */
  async #judge({ kind, slug }: EstTarget, certificate: Certificate): Promise<IssuedCertificate> {
    const nowMs = this.#parts.clock()
    const issuer = this.#parts.cas.all.find(
      (ca) => ca.kind === kind && ca.slug === slug && ca.hasIssued(certificate),
    )
    if (issuer === undefined) throw clientCertificateRefused('is not one of this CA')
    if (!(certificate.validFromMs <= nowMs && nowMs <= certificate.validToMs))
      throw clientCertificateRefused('has expired')
    const known = await this.#parts.issued.find({
      issuerKeySha256: issuer.keySha256,
      serialNumberHex: certificate.serialNumberHex,
    })
    // What is not in the records cannot be revoked either.
    if (known === undefined) throw clientCertificateRefused('is not in the records of this CA')
    if (known.revocation !== undefined) throw clientCertificateRefused('is revoked')
    return known
  }
}

/** Of organization and country those that {@link Issuance} takes over; DC is the CA's to set. */
function requireSameSubject({
  certificate,
  request,
  name,
}: {
  readonly certificate: Certificate
  readonly request: CertificateRequest
  readonly name: EndEntityName
}): void {
  const wanted = certificateSubjectOf(request, name.commonName)
  const { subject, commonName, organizationName } = certificate
  const isSame =
    commonName === wanted.commonName &&
    organizationName === wanted.organizationName &&
    subject.values('C')[0] === wanted.countryName
  if (!isSame) throw new PoolError('ERR_EST_OTHER_NAME', 'The subject is not that of the client certificate.')
}

export function clientCertificateRefused(why: string): PoolError {
  return new PoolError('ERR_EST_CLIENT_CERTIFICATE', `The client certificate ${why}.`)
}

function readClientCertificate(der: Uint8Array): Certificate {
  try {
    return parseCertificate(der)
  } catch (error) {
    throw new PoolError('ERR_EST_CLIENT_CERTIFICATE', 'The client certificate cannot be read.', {
      cause: error,
    })
  }
}

function readRequest(body: Uint8Array): CertificateRequest {
  try {
    return readCertificateRequest(body)
  } catch (error) {
    if (codeOf(error)?.startsWith('ERR_PKI_') !== true) throw error
    throw new PoolError('ERR_EST_REQUEST', `The certificate request is refused: ${messageOf(error)}.`, {
      cause: error,
    })
  }
}

/** P-256 is for ISO 15118-2, P-521 and Ed448 are for -20; a path that names the algorithm means it. */
function algorithmFor(
  { edition, algorithm }: EstTarget,
  { publicKeyAlgorithm }: CertificateRequest,
): AlgorithmName {
  const own = KEY_NAMES[publicKeyAlgorithm]
  const fits = own !== undefined && own.edition === edition && (algorithm ?? own.name) === own.name
  if (fits) return own.name
  throw new PoolError('ERR_EST_REQUEST', 'The key of the request is not of the algorithm that was asked for.')
}

const KEY_NAMES: Readonly<
  Record<string, { readonly name: AlgorithmName; readonly edition: CertificateEdition }>
> = {
  'ecdsa-p256-sha256': { name: 'secp256r1', edition: 'iso2' },
  'ecdsa-p521-sha512': { name: 'secp521r1', edition: 'iso20' },
  ed448: { name: 'ed448', edition: 'iso20' },
}
