import { ALGORITHM } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { writeObjectIdentifier, writeSequence, writeSetOfOne } from '../der/der-writer.ts'
import { PkiError } from '../errors.ts'

/**
 * CsrAttrs of RFC 7030 section 4.5.2, DER: the kind of key, and the signature, that a request to this CA must have,
 * which are its own.
 *
 * @throws {PkiError} ERR_PKI_KEY_ALGORITHM when the CA's key is of an unknown kind
 */
export function writeRequestAttributes({ publicKeyAlgorithm }: Certificate): Uint8Array {
  if (publicKeyAlgorithm === undefined)
    throw new PkiError('ERR_PKI_KEY_ALGORITHM', 'the key of the CA is of an unknown kind')
  const { keyOid, curveOid, signatureOid } = ALGORITHM[publicKeyAlgorithm]
  const signature = writeObjectIdentifier(signatureOid)
  if (curveOid === undefined) return writeSequence(signature)
  const curve = writeSetOfOne(writeObjectIdentifier(curveOid))
  return writeSequence(writeSequence(writeObjectIdentifier(keyOid), curve), signature)
}
