import { createCipheriv, type KeyObject, pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'

import type { RandomBytes } from '#base'

import { TAG } from '../der/der-reader.ts'
import {
  writeElement,
  writeObjectIdentifier,
  writeOctetString,
  writeSequence,
  writeUnsignedInteger,
} from '../der/der-writer.ts'
import { writePem } from '../der/pem.ts'
import type { SecretText } from './signing-key.ts'

/** What OWASP asks of PBKDF2 with HMAC-SHA-256 (2023). Node's own export has 2048, which a stolen file does not bear. */
const ITERATIONS = 600_000
const SALT_BYTES = 16
const AES_KEY_BYTES = 32
const AES_BLOCK_BYTES = 16

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacWithSha256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const

const derive = promisify(pbkdf2)

/**
 * A private key as encrypted PKCS#8 in PEM: PBES2 (RFC 8018 section 6.2) with PBKDF2 and AES-256-CBC, as OpenSSL reads
 * it. Whoever writes it to a file gives the file mode 0600 all the same.
 */
export async function encryptedPrivateKeyPem(
  privateKey: KeyObject,
  { passphrase, random }: { readonly passphrase: SecretText; readonly random: RandomBytes },
): Promise<string> {
  const salt = random(SALT_BYTES)
  const iv = random(AES_BLOCK_BYTES)
  const key = await derive(passphrase.reveal(), salt, ITERATIONS, AES_KEY_BYTES, 'sha256')
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' })
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()])
  plain.fill(0)
  key.fill(0)
  const scheme = writeAlgorithm(
    OID.pbes2,
    writeSequence(
      writeAlgorithm(OID.pbkdf2, writePbkdf2Parameters(salt)),
      writeAlgorithm(OID.aes256Cbc, writeOctetString(iv)),
    ),
  )
  return writePem('ENCRYPTED PRIVATE KEY', writeSequence(scheme, writeOctetString(encrypted)))
}

function writePbkdf2Parameters(salt: Uint8Array): Uint8Array {
  const iterations = Uint8Array.of(ITERATIONS >>> 16, ITERATIONS >>> 8, ITERATIONS)
  const pseudorandom = writeAlgorithm(OID.hmacWithSha256, writeElement(TAG.null))
  return writeSequence(writeOctetString(salt), writeUnsignedInteger(iterations), pseudorandom)
}

function writeAlgorithm(oid: string, parameters: Uint8Array): Uint8Array {
  return writeSequence(writeObjectIdentifier(oid), parameters)
}
