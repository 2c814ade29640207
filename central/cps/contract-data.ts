import { ECDH } from 'node:crypto'

import type { EncryptedContractKey } from '#iso15118'
import { contractDataOf, type ContractDataBody } from '#opcp'
import type { Certificate } from '#pki'

import { readBase64, readCertificate } from '../fields.ts'
import { PoolError } from '../pool-error.ts'

/** IV and one key of P-256, AES-CBC without padding (ISO 15118-2). */
const ENCRYPTED_KEY_BYTES = 48
/** 0x04 ‖ X ‖ Y. */
const POINT_BYTES = 65

/** Contract data as a mobility operator sends it, read but not judged. */
export interface OfferedContractData extends EncryptedContractKey {
  readonly contract: Certificate
  /** In the order they came. */
  readonly subCertificates: readonly Certificate[]
  /** When the body names one beside the certificate. */
  readonly emaid: string | undefined
}

/**
 * Reads both shapes of contract data.
 *
 * @throws {PoolError} ERR_POOL_BODY, ERR_POOL_FIELD, ERR_POOL_CERTIFICATE_FORMAT. Nobody but the vehicle can check the
 * blob itself, so at least its length and the point must be right before anything is signed.
 */
export function readContractData(body: ContractDataBody): OfferedContractData {
  const texts = contractDataOf(body)
  const contract = readContract(texts.contractCertificate, body)
  if (texts.subCertificates.length === 0)
    throw new PoolError('ERR_POOL_BODY', 'contractData.contractSubCa1Certificate : must not be null')
  const list = 'contractSignatureCertChainSubCertificates list'
  return {
    contract,
    subCertificates: texts.subCertificates.map((text) => readCertificate(text, list)),
    encryptedPrivateKey: readSized(texts.contractSignatureEncryptedPrivateKey, {
      field: 'contractData.contractSignatureEncryptedPrivateKey',
      bytes: ENCRYPTED_KEY_BYTES,
    }),
    dhPublicKey: readPoint(texts.dHpublickey, 'contractData.dHpublickey'),
    emaid: texts.emaid,
  }
}

function readContract(text: string | undefined, body: ContractDataBody): Certificate {
  if (text === undefined)
    throw new PoolError('ERR_POOL_BODY', 'contractData.contractCertificate : must not be null')
  const isOldShape = body.contractCertificate === undefined
  const field = isOldShape
    ? 'contractData.contractSignatureCertChain.contractSignatureCertChainCertificate'
    : 'contractData.contractCertificate'
  // What is not even base64 is refused in other words than what is no certificate.
  if (!text.includes('-----BEGIN')) readBase64(text, field, text.length)
  return readCertificate(text, isOldShape ? 'contractSignatureCertChainCertificate' : 'contractCertificate')
}

function readSized(text: string, { field, bytes }: { field: string; bytes: number }): Uint8Array {
  const value = readBase64(text, field, text.length)
  if (value.length === bytes) return value
  throw new PoolError('ERR_POOL_FIELD', `${field} : must be ${bytes} bytes`)
}

function readPoint(text: string, field: string): Uint8Array {
  const point = readSized(text, { field, bytes: POINT_BYTES })
  try {
    if (point[0] === 0x04) {
      // Refuses what is not on the curve.
      ECDH.convertKey(point, 'prime256v1')
      return point
    }
  } catch {
    // Falls through to the one refusal.
  }
  throw new PoolError('ERR_POOL_FIELD', `${field} : must be an uncompressed point of secp256r1`)
}
