import { type DerReader, TAG } from '../der/der-reader.ts'
import { PkiError } from '../errors.ts'

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/

/**
 * Reads a `Time` of RFC 5280 section 4.1.2.5 as milliseconds since 1970. Both forms are taken for any year, as
 * issuers do not agree where to switch; zones, fractions and missing seconds are refused.
 *
 * @throws {PkiError} ERR_PKI_CERTIFICATE, ERR_PKI_DER
 */
export function readTime(reader: DerReader): number {
  const general = reader.peekTag() === TAG.generalizedTime
  const { content } = reader.read(general ? TAG.generalizedTime : TAG.utcTime)
  const text = Buffer.from(content).toString('latin1')
  const fields = (general ? GENERALIZED_TIME : UTC_TIME).exec(text)?.slice(1).map(Number)
  const timeMs = fields === undefined ? undefined : timeOf(fields, general)
  if (timeMs === undefined)
    throw new PkiError('ERR_PKI_CERTIFICATE', 'a date is not YYMMDDHHMMSSZ or YYYYMMDDHHMMSSZ')
  return timeMs
}

/** `undefined` for a day the calendar does not have (month 13, 30 February), which Date would carry over. */
function timeOf(fields: readonly number[], general: boolean): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields
  // Two digits mean 1950 to 2049. Date.UTC would read a year below 100 as 19xx, so no such year is accepted.
  const fullYear = general ? year : year + (year < 50 ? 2000 : 1900)
  const date = new Date(Date.UTC(fullYear, month - 1, day, hour, minute, second))
  const same =
    date.getUTCFullYear() === fullYear && date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return same && hour < 24 && minute < 60 && second < 60 ? date.getTime() : undefined
}

/** The text and tag of a `Time`: UTCTime through 2049, GeneralizedTime from 2050 on, whole seconds. */
export function timeText(timeMs: number): { tag: number; text: string } {
  const digits = new Date(timeMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  const year = new Date(timeMs).getUTCFullYear()
  return year >= 1950 && year < 2050
    ? { tag: TAG.utcTime, text: digits.slice(2) }
    : { tag: TAG.generalizedTime, text: digits }
}
