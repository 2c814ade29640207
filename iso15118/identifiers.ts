/** The identifiers of contracts (EMAID) and of vehicles (PCID), in the forms they are compared, shown and stored. */
import { CodedError } from '#base'

export type IdentifierErrorCode = 'ERR_IDENTIFIER_EMAID' | 'ERR_IDENTIFIER_PCID'

/** The text is no identifier of that kind. */
export class IdentifierError extends CodedError<IdentifierErrorCode> {
  override name = 'IdentifierError'
}

/** Which standard's length rules apply. */
export type IdentifierRules = 'iso2' | 'iso20'

/**
 * An e-mobility account identifier. Two are the same contract when their `key` is the same: some issuers write
 * mixed case into their certificates.
 */
export interface Emaid {
  /** As written, hyphens removed, case kept: the form of certificates, answers and signed data. */
  readonly asIssued: string
  /** Upper case without hyphens: the form to compare and to index by. */
  readonly key: string
  /** Country and provider, five characters in upper case: what an account of an operator is bound to. */
  readonly providerId: string
}

/** A provisioning certificate identifier. Two are the same vehicle when their `key` is the same. */
export interface Pcid {
  readonly asIssued: string
  readonly key: string
  /** World manufacturer identifier, the first three characters in upper case. */
  readonly wmi: string
}

/** Longest text ever matched, above every form below: keeps hostile input away from the expressions. */
const TEXT_LENGTH_MAX = 64

/** Hyphens stand between all parts or nowhere. The check digit is optional, and wrong ones are in circulation. */
const EMAID: Readonly<Record<IdentifierRules, RegExp>> = {
  iso2: /^[A-Za-z]{2}(-?)[0-9A-Za-z]{3}\1[0-9A-Za-z]{9}(?:\1[0-9A-Za-z])?$/,
  // At most 36 characters in all (OPNC); without hyphens a check digit is not told from the instance.
  iso20: /^(?=.{14,36}$)[A-Za-z]{2}(-?)[0-9A-Za-z]{3}\1[0-9A-Za-z]{9,28}(?:\1[0-9A-Za-z])?$/,
}

const PCID: Readonly<Record<IdentifierRules, RegExp>> = {
  iso2: /^[0-9A-Za-z]{17,18}$/,
  iso20: /^[0-9A-Za-z]{17,64}$/,
}

/**
 * Reads an EMAID with or without hyphens, in any case. A check digit is kept, not verified: the official test
 * identifiers carry wrong ones.
 *
 * @throws {IdentifierError} ERR_IDENTIFIER_EMAID
 */
export function parseEmaid(text: string, rules: IdentifierRules = 'iso2'): Emaid {
  if (text.length > TEXT_LENGTH_MAX || !EMAID[rules].test(text)) {
    throw new IdentifierError(
      'ERR_IDENTIFIER_EMAID',
      'not an EMAID: two letters, three characters of provider, nine of instance',
    )
  }
  const asIssued = text.replaceAll('-', '')
  const key = asIssued.toUpperCase()
  return { asIssued, key, providerId: key.slice(0, 5) }
}

/** @throws {IdentifierError} ERR_IDENTIFIER_PCID */
export function parsePcid(text: string, rules: IdentifierRules = 'iso2'): Pcid {
  if (text.length > TEXT_LENGTH_MAX || !PCID[rules].test(text)) {
    throw new IdentifierError(
      'ERR_IDENTIFIER_PCID',
      'not a PCID: letters and digits, 17 or 18 of them (ISO 15118-20: to 64)',
    )
  }
  const key = text.toUpperCase()
  return { asIssued: text, key, wmi: key.slice(0, 3) }
}

/** The characters a check digit counts: country, provider and instance. */
const CHECKED_LENGTH = 14

/**
 * The check digit of an EMAID of ISO 15118-2 (eMI3): each character is split into two bits and two base-3 digits,
 * and both sequences, weighted by the powers of a matrix, must vanish together with their check digit.
 */
export function emaidCheckDigit({ key }: Pick<Emaid, 'key'>): string {
  let [s1, s2, t1, t2] = [0, 0, 0, 0]
  for (const character of key.slice(0, CHECKED_LENGTH).split('').toReversed()) {
    const value = Number.parseInt(character, 36)
    const bits = Math.floor(value / 9)
    const trits = value % 9
    // Horner's rule: add the next pair, then multiply by [[0,1],[1,1]] modulo 2 and [[0,1],[1,2]] modulo 3.
    const [b1, b2] = [s1 + (bits >> 1), s2 + (bits & 1)]
    const [d1, d2] = [t1 + Math.floor(trits / 3), t2 + (trits % 3)]
    ;[s1, s2] = [b2 % 2, (b1 + b2) % 2]
    ;[t1, t2] = [d2 % 3, (d1 + 2 * d2) % 3]
  }
  // The check digit's own weights are the identity and [[1,1],[1,0]]: solved for the digit.
  const bits = 2 * s1 + s2
  const trits = 3 * ((3 - t2) % 3) + ((3 - t1 + t2) % 3)
  return (9 * bits + trits).toString(36).toUpperCase()
}
