import { base64FromBytes, bytesFromBase64, messageOf } from '#base'

import { PkiError } from '../errors.ts'

/** The longest text read: a bundle of about a thousand certificates. */
const PEM_CHARACTERS_MAX = 2 * 1024 * 1024
const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END ([A-Z0-9 ]+)-----/g

/**
 * The contents of the PEM blocks of one kind (`CERTIFICATE`…), in order. Text between blocks is skipped, as tools
 * write explanations there; lines may end in LF or CRLF.
 *
 * @throws {PkiError} ERR_PKI_PEM when a block is damaged or the text too long; text without any block gives an empty list
 */
export function readPem(
  text: string,
  label: string,
  charactersMax = PEM_CHARACTERS_MAX,
): readonly Uint8Array[] {
  if (text.length > charactersMax) {
    throw new PkiError('ERR_PKI_PEM', `PEM text of ${text.length} characters, limit ${charactersMax}`)
  }
  const blocks = [...text.matchAll(BLOCK)]
  if (blocks.length !== text.split('-----BEGIN ').length - 1)
    throw new PkiError('ERR_PKI_PEM', 'a PEM block does not end')
  return blocks
    .filter(([, begin]) => begin === label)
    .map(([, , body = '', end]) => {
      if (end !== label)
        throw new PkiError('ERR_PKI_PEM', `a PEM block begins as ${label} and ends as ${end}`)
      return decode(body)
    })
}

/** One block with lines of 64 characters and a final line break. */
export function writePem(label: string, der: Uint8Array): string {
  const lines = base64FromBytes(der).match(/.{1,64}/g) ?? []
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n')
}

function decode(body: string): Uint8Array {
  try {
    const text = body.replace(/\s+/g, '')
    return bytesFromBase64(text, text.length)
  } catch (error) {
    throw new PkiError('ERR_PKI_PEM', `PEM block: ${messageOf(error)}`, { cause: error })
  }
}
