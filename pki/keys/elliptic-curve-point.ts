import { createPublicKey, type KeyObject } from 'node:crypto'

import type { SignatureAlgorithm } from '#base'

import { ALGORITHM } from '../certificate/algorithms.ts'
import { DerReader, TAG } from '../der/der-reader.ts'
import { writeBitString, writeObjectIdentifier, writeSequence } from '../der/der-writer.ts'
import { PkiError } from '../errors.ts'

/** CKA_EC_PARAMS of a key of this kind: the object identifier of its curve (PKCS#11 section 6.3.3). */
export function curveParameters(algorithm: SignatureAlgorithm): Uint8Array {
  return writeObjectIdentifier(curveOidOf(ALGORITHM[algorithm]))
}

/**
 * The public key that a token describes by CKA_EC_PARAMS (the object identifier of the curve) and CKA_EC_POINT: a DER
 * OCTET STRING around the uncompressed point, or around the bytes of RFC 8032 (PKCS#11 section 6.3.3). Tokens that leave
 * the OCTET STRING out are understood by the length.
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
  const oid = new DerReader(parameters).readObjectIdentifier()
  const facts = Object.values(ALGORITHM).find((each) => curveOidOf(each) === oid)
  if (facts === undefined)
    throw new PkiError('ERR_PKI_KEY_ALGORITHM', `curve ${oid}: P-256, P-521 or Ed448 needed`)
  const { keyOid, curveOid, signatureBytes } = facts
  const pointBytes = curveOid === undefined ? signatureBytes / 2 : signatureBytes + 1
  const bits = point.length === pointBytes ? point : new DerReader(point).read(TAG.octetString).content
  // Any other length is a compressed point, or the one at infinity, which is no key.
  if (bits.length !== pointBytes) throw new PkiError('ERR_PKI_PUBLIC_KEY', 'a point that is not uncompressed')
  const curve = curveOid === undefined ? [] : [writeObjectIdentifier(curveOid)]
  const algorithm = writeSequence(writeObjectIdentifier(keyOid), ...curve)
  const der = writeSequence(algorithm, writeBitString(bits))
  try {
    return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  } catch (error) {
    throw new PkiError('ERR_PKI_PUBLIC_KEY', 'a point that is not on its curve', { cause: error })
  }
}

/** Ed448 is key type and curve in one. */
function curveOidOf({ curveOid, keyOid }: (typeof ALGORITHM)[SignatureAlgorithm]): string {
  return curveOid ?? keyOid
}
