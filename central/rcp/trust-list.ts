import { createHash } from 'node:crypto'

import { base64FromBytes, type SignatureAlgorithm, type Signer } from '#base'
import type { CertificateTrustList, CtlEntry, RootType } from '#opcp'
import type { Certificate } from '#pki'

import { canonicalJson } from '../canonical-json.ts'
import { timestamp } from '../wire-text.ts'
import type { Root } from './root-pool.ts'

/** A certificate trust list before it is signed. */
export type UnsignedTrustList = Omit<CertificateTrustList, 'jws'>

/** The names of JSON Web Algorithms (RFC 7518 §3.4, RFC 8037). */
const JOSE_ALGORITHM: Readonly<Record<SignatureAlgorithm, string>> = {
  'ecdsa-p256-sha256': 'ES256',
  'ecdsa-p521-sha512': 'ES512',
  ed448: 'EdDSA',
}

const EDITIONS = {
  'ecdsa-p256-sha256': { isoVersion: 'ISO15118-2', algorithm: 'secp256r1' },
  'ecdsa-p521-sha512': { isoVersion: 'ISO15118-20', algorithm: 'secp521r1' },
  ed448: { isoVersion: 'ISO15118-20', algorithm: 'ed448' },
} as const

/**
 * What a list says of the roots that are in the pool, and of those that the list before had and that are gone: they stay
 * in it as removed, so that nobody takes their absence for an oversight. Sorted by fingerprint. Roots of private
 * environments are nobody else's business.
 */
export function trustListEntries(
  roots: readonly Root[],
  { previous, atMs }: { readonly previous: readonly CtlEntry[]; readonly atMs: number },
): readonly CtlEntry[] {
  const now = timestamp(atMs)
  const before = new Map(previous.map((entry) => [entry.fingerprint, entry]))
  const byFingerprint = Map.groupBy(roots, ({ certificate }) => certificate.fingerprintSha256Hex)
  const trusted = [...byFingerprint.values()].flatMap((same) => entryOf(same, { before, now }))
  const present = new Set(trusted.map(({ fingerprint }) => fingerprint))
  const removed = previous
    .filter(({ fingerprint }) => !present.has(fingerprint))
    .map((entry): CtlEntry =>
      entry.status === 'removed' ? entry : { ...entry, status: 'removed', since: now },
    )
  return [...trusted, ...removed].toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
}

function entryOf(
  same: readonly Root[],
  { before, now }: { readonly before: ReadonlyMap<string, CtlEntry>; readonly now: string },
): readonly CtlEntry[] {
  const rootTypes = same.map(({ rootType }) => rootType).filter(isPublic)
  const [root] = same
  const { publicKeyAlgorithm } = root?.certificate ?? {}
  if (root === undefined || rootTypes.length === 0 || publicKeyAlgorithm === undefined) return []
  if (publicKeyAlgorithm === 'rsa-sha256') return []
  const { isoVersion, algorithm } = EDITIONS[publicKeyAlgorithm]
  const { fingerprintSha256Hex: fingerprint, der } = root.certificate
  const known = before.get(fingerprint)
  return [
    {
      fingerprint,
      certificate: base64FromBytes(der),
      rootTypes: rootTypes.toSorted(),
      isoVersions: [isoVersion],
      algorithms: [algorithm],
      status: 'trusted',
      since: known?.status === 'trusted' ? known.since : now,
    },
  ]
}

function isPublic(rootType: RootType): rootType is CtlEntry['rootTypes'][number] {
  return rootType !== 'PE'
}

/** SHA-256 in hex of the canonical JSON: what the signature is over, and what the next list names as `previousHash`. */
export function trustListHash(list: UnsignedTrustList): string {
  return createHash('sha256').update(canonicalJson(list), 'utf8').digest('hex')
}

/** Who signs lists. */
export interface TrustListSigner {
  readonly certificate: Certificate
  readonly key: Signer
  /** From thisUpdate to nextUpdate. */
  readonly validityMs: number
}

/** A detached JWS (RFC 7515 appendix F) over the canonical JSON; its header names the certificate by its SHA-256. */
export async function signTrustList(
  list: UnsignedTrustList,
  { certificate, key }: Pick<TrustListSigner, 'certificate' | 'key'>,
): Promise<CertificateTrustList> {
  const thumbprint = createHash('sha256').update(certificate.der).digest('base64url')
  const header = base64url(JSON.stringify({ alg: JOSE_ALGORITHM[key.algorithm], 'x5t#S256': thumbprint }))
  const signature = await key.sign(Buffer.from(`${header}.${base64url(canonicalJson(list))}`))
  return { ...list, jws: `${header}..${Buffer.from(signature).toString('base64url')}` }
}

function base64url(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url')
}
