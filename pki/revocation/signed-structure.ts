/** What CRLs and OCSP responses share with certificates: bytes, the algorithm, and the signature over the bytes. */
import { verify } from 'node:crypto'

import type { Signer } from '#base'

import { ALGORITHM, algorithmOfSignature } from '../certificate/algorithms.ts'
import type { Certificate } from '../certificate/certificate.ts'
import { type DerElement, DerReader, TAG } from '../der/der-reader.ts'
import { writeBitString, writeObjectIdentifier, writeSequence } from '../der/der-writer.ts'
import { derFromRaw } from '../keys/ecdsa-signature.ts'

/** A signed SEQUENCE as it was read; nothing has been verified. */
export interface SignedStructure {
  readonly signed: DerElement
  /** AlgorithmIdentifier, DER. */
  readonly algorithm: DerElement
  readonly signature: Uint8Array
}

/** Reads the three members and leaves the reader behind them. A signature that does not end on a byte reads as empty. */
export function readSignedStructure(reader: DerReader): SignedStructure {
  const signed = reader.read(TAG.sequence)
  const algorithm = reader.read(TAG.sequence)
  const { bytes, unusedBits } = reader.readBitString()
  return { signed, algorithm, signature: unusedBits === 0 ? bytes : new Uint8Array() }
}

/** Whether the key of `signer` made the signature. A key that cannot be used, or of another algorithm, is `false`. */
export function isStructureSignedBy(
  { signed, algorithm, signature }: SignedStructure,
  signer: Certificate,
): boolean {
  try {
    const name = algorithmOfSignature(new DerReader(algorithm.content).readObjectIdentifier())
    if (name === undefined || name !== signer.publicKeyAlgorithm) return false
    return verify(ALGORITHM[name].digest, signed.encoded, signer.publicKey, signature)
  } catch {
    return false
  }
}

/** AlgorithmIdentifier of the signer's signatures, DER. */
export function writeSignatureAlgorithm({ algorithm }: Signer): Uint8Array {
  return writeSequence(writeObjectIdentifier(ALGORITHM[algorithm].signatureOid))
}

/** Signs `signed` and gives the SEQUENCE of the three members and of what may follow them. */
export async function signStructure(
  signed: Uint8Array,
  signer: Signer,
  ...followedBy: readonly Uint8Array[]
): Promise<Uint8Array> {
  const raw = await signer.sign(signed)
  const signature = signer.algorithm === 'ed448' ? raw : derFromRaw(raw)
  return writeSequence(signed, writeSignatureAlgorithm(signer), writeBitString(signature), ...followedBy)
}
