import { createHash } from 'node:crypto'

import type { Signer } from '#base'
import type { CaKind } from '#opcp'
import {
  editionOf,
  lintCertificate,
  type Certificate,
  type CertificateEdition,
  type CertificateProfileName,
  type LintFinding,
  type RevocationAddresses,
} from '#pki'

import { PoolError } from '../pool-error.ts'
import { servingSigner } from '../serving-signer.ts'
import { CentralError } from '../start-error.ts'

/** How OPCP calls the kinds of keys. */
export const ALGORITHM_NAMES = ['secp256r1', 'secp521r1', 'ed448'] as const
export type AlgorithmName = (typeof ALGORITHM_NAMES)[number]

const NAME_OF = {
  'ecdsa-p256-sha256': 'secp256r1',
  'ecdsa-p521-sha512': 'secp521r1',
  ed448: 'ed448',
} as const

const DAY_MS = 86_400_000
/** What the V2G PKIs of the field issue: stations for three months, vehicles for four years. */
const VALIDITY_DAYS: Readonly<Record<CaKind, number>> = { cpo: 90, mo: 730, oem: 1_461, veh: 1_461, cps: 365 }

const PROFILES: Readonly<Record<CaKind, Readonly<Record<CertificateEdition, CertificateProfileName>>>> = {
  cpo: { iso2: 'secc', iso20: 'secc-20' },
  mo: { iso2: 'contract', iso20: 'contract' },
  oem: { iso2: 'oem-provisioning', iso20: 'oem-provisioning' },
  veh: { iso2: 'vehicle', iso20: 'vehicle' },
  cps: { iso2: 'cps', iso20: 'cps' },
}

/** What the CA's own certificate is held against. */
const CA_PROFILES: Readonly<Record<CaKind, CertificateProfileName>> = {
  cpo: 'cpo-sub2',
  mo: 'mo-sub2',
  oem: 'oem-sub2',
  veh: 'vehicle-sub2',
  cps: 'cps-sub2',
}

/** Kinds whose end entities can be registered. */
export type RegistryKind = 'oem' | 'cpo' | 'mo'

/** Where the end entities of a CA are registered: vehicles in one place, whichever of their certificates it is. */
const REGISTRIES: Readonly<Record<CaKind, RegistryKind | undefined>> = {
  cpo: 'cpo',
  mo: 'mo',
  oem: 'oem',
  veh: 'oem',
  cps: undefined,
}

export interface OperatorCaOptions {
  /** In the paths of its OCSP responder and CRL. */
  readonly name: string
  readonly kind: CaKind
  /** Prefix of the kind in the paths of EST, for a CA of one company. */
  readonly slug: string | undefined
  readonly certificate: Certificate
  /** The CAs between it and the root, from the bottom up; without the root. */
  readonly subCertificates: readonly Certificate[]
  readonly root: Certificate
  readonly signer: Signer
  readonly registrationRequired: boolean
  /** Issues nothing any more; its successor has its place. */
  readonly retired: boolean
  readonly validityDays: number | undefined
  readonly revocation: RevocationAddresses
}

/** A sub CA that issues to end entities for its operator. */
export class OperatorCa {
  readonly name: string
  readonly kind: CaKind
  readonly slug: string | undefined
  readonly certificate: Certificate
  /** Of its key, and so of the requests it takes and of its certificates. */
  readonly algorithm: AlgorithmName
  readonly edition: CertificateEdition
  readonly profile: CertificateProfileName
  /** Its own certificate, then the CAs above it; without the root. */
  readonly chain: readonly Certificate[]
  readonly root: Certificate
  readonly signer: Signer
  /** Who may have a certificate; `undefined`: everybody whose name it is. */
  readonly registry: RegistryKind | undefined
  /** Issues nothing any more, and answers for what it has issued. */
  readonly retired: boolean
  readonly validityMs: number
  readonly revocation: RevocationAddresses
  /** SHA-256 of its SubjectPublicKeyInfo, lower-case hex. */
  readonly keySha256: string
  /** In what its certificate differs from its profile without being refused for it. */
  readonly remarks: readonly LintFinding[]

  /**
   * @throws {CentralError} ERR_CENTRAL_OPERATOR_CA when the certificates do not follow one another, or the CA's own is
   * none that may issue
   */
  constructor(options: OperatorCaOptions) {
    const { name, kind, certificate, subCertificates, root, signer } = options
    const edition = editionOf(signer.algorithm)
    if (edition === undefined) throw new TypeError(`a signer of ${signer.algorithm}`)
    this.name = name
    this.kind = kind
    this.slug = options.slug
    this.certificate = certificate
    this.algorithm = NAME_OF[signer.algorithm]
    this.edition = edition
    this.profile = PROFILES[kind][edition]
    this.chain = [certificate, ...subCertificates]
    this.root = root
    this.signer = servingSigner(signer, 'ERR_EST_KEY_FAILED')
    this.registry = options.registrationRequired ? REGISTRIES[kind] : undefined
    this.retired = options.retired
    this.validityMs = (options.validityDays ?? VALIDITY_DAYS[kind]) * DAY_MS
    this.revocation = options.revocation
    this.keySha256 = createHash('sha256').update(certificate.publicKeyDer).digest('hex')
    if (options.registrationRequired && this.registry === undefined)
      throw refusedCa(name, `nobody can be registered for a CA of kind ${kind}`)
    requireChain(name, [...this.chain, root])
    this.remarks = lintCertificate(certificate, CA_PROFILES[kind], 'input')
    const refused = this.remarks.find(({ severity }) => severity === 'require')
    if (refused !== undefined) throw refusedCa(name, `${refused.message} (${refused.source})`)
  }

  /** Whether it has signed the certificate; says nothing about validity or revocation. */
  hasIssued(certificate: Certificate): boolean {
    return certificate.issuer.equals(this.certificate.subject) && certificate.isSignedBy(this.certificate)
  }
}

/** The CAs of this central. */
export class OperatorCas {
  #all: readonly OperatorCa[]

  /**
   * @throws {CentralError} ERR_CENTRAL_OPERATOR_CA when two have the same name, or two that issue the same kind, slug and
   * algorithm; ERR_CENTRAL_SHARED_CA_KEY
   */
  constructor(all: readonly OperatorCa[]) {
    for (const keys of [all.map(nameKey), all.filter(({ retired }) => !retired).map(roleKey)]) {
      const twice = keys.find((key, index) => keys.indexOf(key) !== index)
      if (twice !== undefined)
        throw new CentralError('ERR_CENTRAL_OPERATOR_CA', `two operator CAs are ${twice}`)
    }
    requireOwnKeys(all)
    this.#all = all
  }

  get all(): readonly OperatorCa[] {
    return this.#all
  }

  /** Takes the CAs of another list. What is being issued ends with the CA it began with, whose key must stay open. */
  replace({ all }: OperatorCas): void {
    this.#all = all
  }

  /** The one that issues. @throws {PoolError} ERR_EST_UNKNOWN_CA */
  get(wanted: Pick<OperatorCa, 'kind' | 'slug' | 'algorithm'>): OperatorCa {
    const found = this.all.find((ca) => !ca.retired && roleKey(ca) === roleKey(wanted))
    if (found === undefined) throw unknownCa()
    return found
  }

  /** @throws {PoolError} ERR_EST_UNKNOWN_CA */
  named(name: string): OperatorCa {
    const found = this.all.find((ca) => ca.name === name)
    if (found === undefined) throw unknownCa()
    return found
  }
}

export function unknownCa(): PoolError {
  return new PoolError('ERR_EST_UNKNOWN_CA', 'There is no such CA here.')
}

const nameKey = ({ name }: Pick<OperatorCa, 'name'>): string => `named ${name}`
const roleKey = ({ kind, slug, algorithm }: Pick<OperatorCa, 'kind' | 'slug' | 'algorithm'>): string =>
  `${slug === undefined ? '' : `${slug}-`}${kind} with ${algorithm}`

const refusedCa = (name: string, why: string): CentralError =>
  new CentralError('ERR_CENTRAL_OPERATOR_CA', `operator CA ${name}: ${why}`)

function requireOwnKeys(all: readonly OperatorCa[]): void {
  for (const [index, { keySha256, name }] of all.entries()) {
    const other = all.slice(index + 1).find((each) => each.keySha256 === keySha256)
    if (other === undefined) continue
    throw new CentralError(
      'ERR_CENTRAL_SHARED_CA_KEY',
      `operator CAs ${name} and ${other.name} have the same key: leave one of them out, or give it a key of its own`,
    )
  }
}

function requireChain(name: string, chain: readonly Certificate[]): void {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1] ?? certificate
    if (!certificate.issuer.equals(issuer.subject) || !certificate.isSignedBy(issuer))
      throw refusedCa(name, `${certificate.distinguishedName} is not issued by ${issuer.distinguishedName}`)
  }
}
