/** A complete ISO 15118-2 PKI for demos, tests and interop labs. Its keys lie in files: never a PKI to trust. */
import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'

import type { Clock, RandomBytes } from '#base'

import type { Certificate } from '../certificate/certificate.ts'
import { PkiError } from '../errors.ts'
import { generateP256KeyPair } from '../keys/private-key.ts'
import { softwareSigner } from '../keys/software-signer.ts'
import { certificateProfile, type CertificateProfileName } from '../profiles/certificate-profiles.ts'
import { CertificateAuthority, type CertificateOrder, issueRoot } from './certificate-authority.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** CAs are older than any leaf, so that a vehicle can hold a certificate that has already expired under valid CAs. */
const CA_AGE_MS = 3 * YEAR_MS
const EXPIRED_LEAF_AGE_MS = 2 * YEAR_MS
/** Leafs begin a little in the past: the clocks of two machines never agree. */
const LEAF_AGE_MS = DAY_MS
const ORGANIZATION = 'EVouch Throwaway PKI'
const LOCAL_HOST_NAMES = ['localhost', '127.0.0.1', '::1']
const PCID = /^[A-Za-z0-9]{17,18}$/

interface MemberPlan {
  readonly profile: CertificateProfileName
  /** Absent for a self-signed root. */
  readonly issuer?: PkiMember
  readonly commonName: string
  readonly years: number
}

/** Members of the PKI by the name of their file. */
export type PkiMember =
  | 'v2g/root'
  | `${'oem' | 'mo'}/${'root' | 'sub1' | 'sub2'}`
  | `${'cps' | 'cpo'}/${'sub1' | 'sub2' | 'leaf'}`
  | `tls/${'ca' | 'central' | 'gateway'}`

/** Issuers come before what they issue. Leafs live longer than Annex F has it, so that a demo kept for long still runs. */
const MEMBERS: Readonly<Record<PkiMember, MemberPlan>> = {
  'v2g/root': { profile: 'v2g-root', commonName: 'V2G Root CA', years: 40 },
  'oem/root': { profile: 'oem-root', commonName: 'OEM Root CA', years: 40 },
  'oem/sub1': { profile: 'oem-sub1', issuer: 'oem/root', commonName: 'OEM Sub1 CA', years: 20 },
  'oem/sub2': { profile: 'oem-sub2', issuer: 'oem/sub1', commonName: 'OEM Sub2 CA', years: 10 },
  'mo/root': { profile: 'mo-root', commonName: 'MO Root CA', years: 40 },
  'mo/sub1': { profile: 'mo-sub1', issuer: 'mo/root', commonName: 'MO Sub1 CA', years: 20 },
  'mo/sub2': { profile: 'mo-sub2', issuer: 'mo/sub1', commonName: 'MO Sub2 CA', years: 10 },
  'cps/sub1': { profile: 'cps-sub1', issuer: 'v2g/root', commonName: 'CPS Sub1 CA', years: 20 },
  'cps/sub2': { profile: 'cps-sub2', issuer: 'cps/sub1', commonName: 'CPS Sub2 CA', years: 10 },
  'cps/leaf': { profile: 'cps', issuer: 'cps/sub2', commonName: 'CPS Signer', years: 4 },
  'cpo/sub1': { profile: 'cpo-sub1', issuer: 'v2g/root', commonName: 'CPO Sub1 CA', years: 20 },
  'cpo/sub2': { profile: 'cpo-sub2', issuer: 'cpo/sub1', commonName: 'CPO Sub2 CA', years: 10 },
  'cpo/leaf': { profile: 'secc', issuer: 'cpo/sub2', commonName: 'DE*EVO*E000001', years: 4 },
  'tls/ca': { profile: 'tls-ca', commonName: 'TLS CA', years: 20 },
  'tls/central': { profile: 'tls-server', issuer: 'tls/ca', commonName: 'central', years: 4 },
  'tls/gateway': { profile: 'tls-server', issuer: 'tls/ca', commonName: 'gateway', years: 4 },
}

/** Every member, issuers before what they issue. */
export const PKI_MEMBERS: readonly PkiMember[] = Object.keys(MEMBERS).filter(
  (name): name is PkiMember => name in MEMBERS,
)

/** A certificate with its private key, which lies in memory and may lie in a file. */
export interface KeyedCertificate {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
}

/** Every member by its name: `pki['mo/sub2'].certificate`. */
export type ThrowawayPki = Readonly<Record<PkiMember, KeyedCertificate>>

/** What is in a vehicle when it leaves the factory. */
export interface VehicleCredentials extends KeyedCertificate {
  /** The PCID: the certificate's CN, 17 or 18 letters and digits, the first three being the WMI. */
  readonly pcid: string
  /** Same key and PCID, expired a day before it was made: for rehearsing refusals. */
  readonly expiredCertificate: Certificate
  /** The OEM's sub CAs above the certificate. */
  readonly sub1: Certificate
  readonly sub2: Certificate
  /** The V2G roots it accepts contracts under. */
  readonly v2gRoots: readonly Certificate[]
}

/**
 * Makes all members with fresh P-256 keys. `random` gives the serial numbers; keys always come from the operating
 * system. The TLS servers are named localhost, 127.0.0.1, ::1 and `hostNames`; `seccId` is the CN of the SECC leaf.
 */
export async function createThrowawayPki(options: {
  readonly clock: Clock
  readonly random: RandomBytes
  readonly hostNames?: readonly string[]
  readonly seccId?: string
}): Promise<ThrowawayPki> {
  const pki: Partial<Record<PkiMember, KeyedCertificate>> = {}
  for (const member of PKI_MEMBERS) {
    const plan = MEMBERS[member]
    const commonName = member === 'cpo/leaf' ? (options.seccId ?? plan.commonName) : plan.commonName
    pki[member] = await issueMember({ ...plan, commonName }, plan.issuer && pki[plan.issuer], options)
  }
  return wholePki(pki)
}

/**
 * Issues the provisioning certificate of one vehicle, and an expired twin of it.
 *
 * @throws {PkiError} ERR_PKI_ISSUE when the PCID is not 17 or 18 letters and digits
 */
export async function issueVehicle(
  pki: ThrowawayPki,
  { pcid, clock, random }: { readonly pcid: string; readonly clock: Clock; readonly random: RandomBytes },
): Promise<VehicleCredentials> {
  if (!PCID.test(pcid)) throw new PkiError('ERR_PKI_ISSUE', 'a PCID has 17 or 18 letters and digits')
  const nowMs = clock()
  const { privateKey, publicKey } = await generateP256KeyPair()
  const authority = authorityOf(pki['oem/sub2'], random)
  const order = {
    profile: 'oem-provisioning',
    subject: { commonName: pcid, organizationName: ORGANIZATION },
    publicKey,
  } as const
  return {
    pcid,
    privateKey,
    certificate: await authority.issue({
      ...order,
      notBeforeMs: nowMs - LEAF_AGE_MS,
      notAfterMs: nowMs + 4 * YEAR_MS,
    }),
    expiredCertificate: await authority.issue({
      ...order,
      notBeforeMs: nowMs - EXPIRED_LEAF_AGE_MS,
      notAfterMs: nowMs - DAY_MS,
    }),
    sub1: pki['oem/sub1'].certificate,
    sub2: pki['oem/sub2'].certificate,
    v2gRoots: [pki['v2g/root'].certificate],
  }
}

/** The CA of a member, signing with the key in memory: `authorityOf(pki['mo/sub2'], random)` issues contracts. */
export function authorityOf(
  { certificate, privateKey }: KeyedCertificate,
  random: RandomBytes,
): CertificateAuthority {
  return new CertificateAuthority({ certificate, signer: softwareSigner(privateKey), random })
}

/** Says that no member is missing; for whoever put the members together one by one. */
export function wholePki(members: Partial<ThrowawayPki>): ThrowawayPki {
  assert(isWhole(members), 'every member of the PKI')
  return members
}

function isWhole(members: Partial<ThrowawayPki>): members is ThrowawayPki {
  return PKI_MEMBERS.every((member) => members[member] !== undefined)
}

async function issueMember(
  plan: MemberPlan,
  issuer: KeyedCertificate | undefined,
  { clock, random, hostNames = [] }: { clock: Clock; random: RandomBytes; hostNames?: readonly string[] },
): Promise<KeyedCertificate> {
  const { publicKey, privateKey } = await generateP256KeyPair()
  const nowMs = clock()
  const isCa = certificateProfile(plan.profile).ca !== undefined
  const order: CertificateOrder = {
    profile: plan.profile,
    subject: { commonName: plan.commonName, organizationName: ORGANIZATION },
    publicKey,
    notBeforeMs: nowMs - (isCa ? CA_AGE_MS : LEAF_AGE_MS),
    notAfterMs: nowMs + plan.years * YEAR_MS,
    hostNames: plan.profile === 'tls-server' ? [...new Set([...LOCAL_HOST_NAMES, ...hostNames])] : [],
  }
  const certificate =
    issuer === undefined
      ? await issueRoot(order, { signer: softwareSigner(privateKey), random })
      : await authorityOf(issuer, random).issue(order)
  return { certificate, privateKey }
}
