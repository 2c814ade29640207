/** Members of request bodies read into what they mean, refused with OPCP's own words. */
import { bytesFromBase64, bytesFromHex, codeOf } from '#base'
import { parseEmaid, parsePcid, type Emaid, type Pcid } from '#iso15118'
import { canonicalNamespace, ISO2_NAMESPACE } from '#opcp'
import { parseCertificate, type Certificate } from '#pki'

import { PoolError } from './pool-error.ts'

/** certificateType of ISO 15118-2. The OpenAPI files count base64 characters instead, and their own examples break it. */
const CERTIFICATE_BYTES_MAX = 800
/** Of ISO 15118-20: roots serve both editions. */
export const ROOT_CERTIFICATE_BYTES_MAX = 1_600

/** As printed in OPCP's examples of refusals. */
const PATTERN = {
  base64: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$',
  emaid: '^[A-Za-z]{2}[-]?\\w{3}[-]?\\w{9}[-]?(\\w{1})?$',
  pcid: '^[a-zA-Z0-9]{17,18}$',
  fingerprint: '^[0-9a-fA-F]{64}$',
  uuid: '^[0-9a-fA-F]{8}\\-([0-9a-fA-F]{4}\\-){3}[0-9a-fA-F]{12}$',
} as const

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/

function mustMatch(field: string, pattern: keyof typeof PATTERN): PoolError {
  return new PoolError('ERR_POOL_FIELD', `${field} : must match "${PATTERN[pattern]}"`)
}

/** @throws {PoolError} ERR_POOL_FIELD */
export function readEmaid(text: string, field = 'emaid'): Emaid {
  try {
    return parseEmaid(text)
  } catch (error) {
    if (codeOf(error) === 'ERR_IDENTIFIER_EMAID') throw mustMatch(field, 'emaid')
    throw error
  }
}

/** @throws {PoolError} ERR_POOL_FIELD */
export function readPcid(text: string, field = 'pcid'): Pcid {
  try {
    return parsePcid(text)
  } catch (error) {
    if (codeOf(error) === 'ERR_IDENTIFIER_PCID') throw mustMatch(field, 'pcid')
    throw error
  }
}

/** Any spelling of ISO 15118-2, the one edition served. @throws {PoolError} ERR_POOL_FIELD */
export function readNamespace(text: string): typeof ISO2_NAMESPACE {
  if (canonicalNamespace(text) === ISO2_NAMESPACE) return ISO2_NAMESPACE
  throw new PoolError('ERR_POOL_FIELD', `xsdMsgDefNamespace : must be one of ["${ISO2_NAMESPACE}"]`)
}

/** Base64 in whatever line width. @throws {PoolError} ERR_POOL_FIELD */
export function readBase64(text: string, field: string, bytesMax: number): Uint8Array {
  try {
    return bytesFromBase64(text.replace(/\s+/g, ''), bytesMax)
  } catch {
    throw mustMatch(field, 'base64')
  }
}

/**
 * A certificate as base64 of DER, or as PEM, which some clients send.
 *
 * @throws {PoolError} ERR_POOL_CERTIFICATE_FORMAT, with `name` in OPCP's sentence (its spelling may differ from the member's)
 */
export function readCertificate(
  text: string,
  name: string,
  bytesMax: number = CERTIFICATE_BYTES_MAX,
): Certificate {
  const refused = new PoolError('ERR_POOL_CERTIFICATE_FORMAT', `Invalid certificate format on ${name}`)
  try {
    const certificate = text.includes('-----BEGIN')
      ? parseCertificate(text)
      : parseCertificate(bytesFromBase64(text.replace(/\s+/g, ''), bytesMax))
    // Made at first use, so that a key that is none is refused here.
    void certificate.publicKey
    if (certificate.der.length <= bytesMax) return certificate
  } catch (error) {
    refused.cause = error
  }
  throw refused
}

/**
 * What names a root: the SHA-256 of its certificate in hex of either case, with or without colons, or the UUID it has in
 * the RCP. Gives lower case, without colons.
 *
 * @throws {PoolError} ERR_POOL_FIELD
 */
export function readRootReference(text: string, field: string): string {
  const reference = text.replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(reference) || UUID.test(reference)) return reference
  throw mustMatch(field, 'fingerprint')
}

/** The UUID of a root, in lower case. @throws {PoolError} ERR_POOL_FIELD */
export function readUuid(text: string, field: string): string {
  const uuid = text.toLowerCase()
  if (UUID.test(uuid)) return uuid
  throw mustMatch(field, 'uuid')
}

/** A key identifier in hex, with or without colons; gives lower case without. @throws {PoolError} ERR_POOL_FIELD */
export function readKeyIdentifier(text: string, field: string): string {
  const hex = text.replaceAll(':', '').toLowerCase()
  try {
    if (bytesFromHex(hex).length > 0) return hex
  } catch {
    // Falls through to the one refusal.
  }
  throw new PoolError('ERR_POOL_FIELD', `${field} : must be hexadecimal digits in pairs`)
}

/** A moment of RFC 3339 in milliseconds; `undefined` when it is none. */
export function readTimestamp(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const timeMs = Date.parse(text.toUpperCase())
  return Number.isNaN(timeMs) || !isDay(text.slice(0, 10)) ? undefined : timeMs
}

/** JavaScript takes the 30th of February for the 1st or 2nd of March. */
function isDay(day: string): boolean {
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day)
}
