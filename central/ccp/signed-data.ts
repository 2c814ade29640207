import { codeOf } from '#base'
import { decodeV2gMessage, signedDataFromXml, type V2gMessage } from '#iso15118'

import { readBase64 } from '../fields.ts'
import { PoolError } from '../pool-error.ts'

/** Six certificates of 800 bytes and the signature, as XML with base64 inside, are 12 KB. */
const SIGNED_DATA_BYTES_MAX = 24 * 1024
/** Every EXI document begins with the bits 10, and no XML text does. */
const EXI_FIRST_BYTE = 0x80
/** The pool keeps no session, and the signature does not cover it. */
const NO_SESSION = new Uint8Array(0)

/**
 * Reads what a CPS signed: base64 of XML, with or without SessionID, or of EXI, told apart by the first byte. What the
 * message says is not judged.
 *
 * @throws {PoolError} ERR_POOL_FIELD
 */
export function readSignedData(text: string, field: string): V2gMessage {
  const bytes = readBase64(text, field, SIGNED_DATA_BYTES_MAX)
  try {
    return bytes[0] === EXI_FIRST_BYTE ? decodeV2gMessage(bytes).message : messageFromXml(bytes)
  } catch (cause) {
    const code = codeOf(cause)
    const isUnreadable = code?.startsWith('ERR_EXI_') === true || code?.startsWith('ERR_XML_') === true
    if (!isUnreadable && code !== 'ERR_ENCODING_INVALID_ENCODED_DATA') throw cause
    throw new PoolError('ERR_POOL_FIELD', `${field} : must be the XML or EXI of a V2G_Message`, { cause })
  }
}

function messageFromXml(bytes: Uint8Array): V2gMessage {
  return signedDataFromXml(new TextDecoder('utf-8', { fatal: true }).decode(bytes), NO_SESSION)
}
