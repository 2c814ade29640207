/** Keys on a token, as the process sees them that is logged in there. */
import type { Handle, Template } from 'pkcs11js'

import { hexFromBytes } from '#base'

import { HsmError } from './hsm-error.ts'
import type { Pkcs11Session } from './pkcs11-login.ts'
import type { GenerateRequest, Pkcs11KeyName, SignRequest } from './pkcs11-messages.ts'
import type { Pkcs11Module } from './pkcs11-module.ts'

/** Of PKCS#11 3.0 section 6.3.15; pkcs11js knows version 2 only. */
const CKM_EDDSA = 0x1057
const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055

/** CK_EDDSA_PARAMS, which Ed448 has to have: not of a digest, and without context. Three words of 64 bits. */
const EDDSA_PARAMETERS = Buffer.alloc(24)

/** Signs on a thread of libuv, so that others are answered meanwhile. @throws as {@link findOne} */
export async function signOnToken(
  { api, constants }: Pkcs11Module,
  session: Pkcs11Session,
  { key, mechanism, input, signatureBytes }: SignRequest,
): Promise<Uint8Array> {
  const name = nameOf(key)
  const handle =
    session.keys.get(name) ?? findOne({ api, constants }, session.handle, key, constants.CKO_PRIVATE_KEY)
  session.keys.set(name, handle)
  const mechanisms = {
    ecdsa: { mechanism: constants.CKM_ECDSA },
    eddsa: { mechanism: CKM_EDDSA, parameter: EDDSA_PARAMETERS },
  }
  api.C_SignInit(session.handle, mechanisms[mechanism], handle)
  const signature = await api.C_SignAsync(session.handle, Buffer.from(input), Buffer.alloc(signatureBytes))
  if (signature.length !== signatureBytes) {
    throw new HsmError('ERR_PKI_HSM_FAILED', `a signature of ${signature.length} bytes`)
  }
  return signature
}

/** CKA_EC_PARAMS and CKA_EC_POINT. @throws as {@link findOne} */
export function readPublicKeyObject(
  module: Pkcs11Module,
  session: Handle,
  name: Pkcs11KeyName,
): readonly Uint8Array[] {
  const { api, constants } = module
  findOne(module, session, name, constants.CKO_PRIVATE_KEY)
  const object = findOne(module, session, name, constants.CKO_PUBLIC_KEY)
  const attributes = [{ type: constants.CKA_EC_PARAMS }, { type: constants.CKA_EC_POINT }]
  try {
    return api.C_GetAttributeValue(session, object, attributes).map(({ value }) => value)
  } catch (error) {
    // A key of another kind has no such attributes.
    throw keyError(name, 'is no key of an elliptic curve', error)
  }
}

/** CKA_LOCAL, CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE. @throws as {@link findOne} */
export function readOriginOfKey(
  module: Pkcs11Module,
  session: Handle,
  name: Pkcs11KeyName,
): readonly Uint8Array[] {
  const { api, constants } = module
  const object = findOne(module, session, name, constants.CKO_PRIVATE_KEY)
  const types = [constants.CKA_LOCAL, constants.CKA_ALWAYS_SENSITIVE, constants.CKA_NEVER_EXTRACTABLE]
  return api
    .C_GetAttributeValue(
      session,
      object,
      types.map((type) => ({ type })),
    )
    .map(({ value }) => value)
}

/**
 * Makes a key pair by the token's own randomness. The private key can sign and nothing else, and cannot be read out
 * (CKA_SENSITIVE, not CKA_EXTRACTABLE). Label and id are both the label.
 *
 * @throws {HsmError} ERR_PKI_HSM_KEY_EXISTS
 */
export function generateOnToken(
  module: Pkcs11Module,
  session: Handle,
  { keyLabel, mechanism, parameters }: GenerateRequest,
): void {
  const { api, constants } = module
  for (const objectClass of [constants.CKO_PRIVATE_KEY, constants.CKO_PUBLIC_KEY]) {
    if (findObjects(module, session, { keyLabel }, objectClass).length > 0)
      throw new HsmError('ERR_PKI_HSM_KEY_EXISTS', `key ${keyLabel} is on the token already`)
  }
  const common = [
    { type: constants.CKA_TOKEN, value: true },
    { type: constants.CKA_LABEL, value: keyLabel },
    { type: constants.CKA_ID, value: Buffer.from(keyLabel) },
  ]
  const generators = { ecdsa: constants.CKM_EC_KEY_PAIR_GEN, eddsa: CKM_EC_EDWARDS_KEY_PAIR_GEN }
  api.C_GenerateKeyPair(
    session,
    { mechanism: generators[mechanism] },
    [
      ...common,
      { type: constants.CKA_EC_PARAMS, value: Buffer.from(parameters) },
      { type: constants.CKA_VERIFY, value: true },
    ],
    [
      ...common,
      { type: constants.CKA_PRIVATE, value: true },
      { type: constants.CKA_SENSITIVE, value: true },
      { type: constants.CKA_EXTRACTABLE, value: false },
      { type: constants.CKA_SIGN, value: true },
      { type: constants.CKA_DERIVE, value: false },
      { type: constants.CKA_DECRYPT, value: false },
      { type: constants.CKA_UNWRAP, value: false },
    ],
  )
}

/** For messages. */
export function nameOf({ keyLabel, keyId }: Pkcs11KeyName): string {
  const id = keyId === undefined ? undefined : `id ${hexFromBytes(keyId)}`
  return ['key', keyLabel, id].filter((part) => part !== undefined).join(' ')
}

export function keyError(name: Pkcs11KeyName, what: string, cause?: unknown): HsmError {
  return new HsmError('ERR_PKI_HSM_KEY_UNUSABLE', `${nameOf(name)} ${what}`, { cause })
}

/** @throws {HsmError} ERR_PKI_HSM_KEY_NOT_FOUND, ERR_PKI_HSM_KEY_UNUSABLE */
function findOne(module: Pkcs11Module, session: Handle, name: Pkcs11KeyName, objectClass: number): Handle {
  const [object, another] = findObjects(module, session, name, objectClass)
  if (object === undefined) {
    if (objectClass === module.constants.CKO_PUBLIC_KEY) throw keyError(name, 'has no public key beside it')
    throw new HsmError('ERR_PKI_HSM_KEY_NOT_FOUND', `${nameOf(name)} is not on the token`)
  }
  if (another !== undefined) throw keyError(name, 'is there more than once')
  return object
}

/** Objects that match, at most one more than wanted. */
function findObjects(
  { api, constants }: Pkcs11Module,
  session: Handle,
  { keyLabel, keyId }: Pkcs11KeyName,
  objectClass: number,
): readonly Handle[] {
  const template: Template = [{ type: constants.CKA_CLASS, value: objectClass }]
  if (keyLabel !== undefined) template.push({ type: constants.CKA_LABEL, value: keyLabel })
  if (keyId !== undefined) template.push({ type: constants.CKA_ID, value: Buffer.from(keyId) })
  api.C_FindObjectsInit(session, template)
  try {
    return api.C_FindObjects(session, 2)
  } finally {
    api.C_FindObjectsFinal(session)
  }
}
