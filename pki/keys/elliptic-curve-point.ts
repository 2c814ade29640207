import { createPublicKey, type KeyObject } from 'node:crypto'

import { ALGORITHM } from '../certificate/algorithms.ts'
import { DerReader, TAG } from '../der/der-reader.ts'
import { writeBitString, writeObjectIdentifier, writeSequence } from '../der/der-writer.ts'
import { PkiError } from '../errors.ts'

/**
 * The public key that a token describes by CKA_EC_PARAMS (the object identifier of the curve) and CKA_EC_POINT: a DER
 * OCTET STRING around the uncompressed point (PKCS#11 section 6.3.3). Tokens that leave the OCTET STRING out are
 * understood by the length.
 *
 * @throws {PkiError} ERR_PKI_KEY_ALGORITHM when the curve is none of ISO 15118's, ERR_PKI_PUBLIC_KEY when the point is not
 * on it, ERR_PKI_DER
 */
export function publicKeyOfPoint({
  parameters,
  point,
}: {
  readonly parameters: Uint8Array
  readonly point: Uint8Array
}): KeyObject {
  const curveOid = new DerReader(parameters).readObjectIdentifier()
  const facts = Object.values(ALGORITHM).find((each) => each.curveOid === curveOid)
  if (facts === undefined)
    throw new PkiError('ERR_PKI_KEY_ALGORITHM', `curve ${curveOid}: P-256 or P-521 needed`)
  const pointBytes = facts.signatureBytes + 1
  const bits = point.length === pointBytes ? point : new DerReader(point).read(TAG.octetString).content
  // Any other length is a compressed point, or the one at infinity, which is no key.
  if (bits.length !== pointBytes) throw new PkiError('ERR_PKI_PUBLIC_KEY', 'a point that is not uncompressed')
  const algorithm = writeSequence(writeObjectIdentifier(facts.keyOid), writeObjectIdentifier(curveOid))
  const der = writeSequence(algorithm, writeBitString(bits))
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch (error) {
    throw new PkiError('ERR_PKI_PUBLIC_KEY', 'a point that is not on its curve', { cause: error })
  }
}
