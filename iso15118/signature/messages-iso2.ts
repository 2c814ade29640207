/** Which parts of which messages of ISO 15118-2 are signed, and by which Ids. */
import type { Signer, Verifier } from '#base'

import type { EncryptedContractKey } from '../contract-key/contract-key-iso2.ts'
import type {
  AuthorizationReqType,
  BodyType,
  CertificateChainType,
  CertificateInstallationReqType,
  CertificateInstallationResType,
} from '../messages/iso2.generated.ts'
import { ISO2_MSG_BODY, type V2gMessage } from '../messages/v2g-message.ts'
import { signElements } from './sign.ts'
import type { SignedElement } from './signed-element.ts'
import type { SignatureVerdict } from './verdict.ts'
import { verifySignature } from './verify.ts'

/** The Id of a request that is signed as a whole. */
const REQUEST_ID = 'ID1'

/** Requests that are signed as a whole, by the vehicle. */
const SIGNED_REQUESTS = [
  'CertificateInstallationReq',
  'CertificateUpdateReq',
  'AuthorizationReq',
  'MeteringReceiptReq',
] as const

/** What a CPS vouches for, with the chain that proves the CPS itself (which is not signed). */
export interface ContractData extends EncryptedContractKey {
  /** CPS leaf, then its sub CAs towards the root, without the root. */
  readonly provisioningChain: CertificateChainType
  /** Contract certificate, then its sub CAs towards the root, without the root. */
  readonly contractChain: CertificateChainType
  /** As in the contract certificate's common name, without hyphens. */
  readonly emaid: string
}

/** A CertificateInstallationReq signed with the key of its own OEM provisioning certificate. */
export function signCertificateInstallationReq({
  sessionId,
  request,
  signer,
}: {
  readonly sessionId: Uint8Array
  readonly request: Omit<CertificateInstallationReqType, 'Id'>
  readonly signer: Signer
}): Promise<V2gMessage> {
  return signMessage(sessionId, { CertificateInstallationReq: { ...request, Id: REQUEST_ID } }, signer)
}

/** An AuthorizationReq signed with the contract key: how a vehicle proves that the contract is its own. */
export function signAuthorizationReq({
  sessionId,
  genChallenge,
  signer,
}: {
  readonly sessionId: Uint8Array
  /** The 16 bytes the charge point sent in PaymentDetailsRes. */
  readonly genChallenge: Uint8Array
  readonly signer: Signer
}): Promise<V2gMessage> {
  const request: AuthorizationReqType = { Id: REQUEST_ID, GenChallenge: genChallenge }
  return signMessage(sessionId, { AuthorizationReq: request }, signer)
}

/**
 * A CertificateInstallationRes with ResponseCode OK, signed with the key of the CPS leaf. Ids and the order of the
 * references are Hubject's: others are as legal, but vehicles of many makes have met these. The session id is not
 * signed and may be replaced at delivery.
 */
export function signContractData({
  sessionId,
  contractData,
  signer,
}: {
  readonly sessionId: Uint8Array
  readonly contractData: ContractData
  readonly signer: Signer
}): Promise<V2gMessage> {
  const { provisioningChain, contractChain, encryptedPrivateKey, dhPublicKey, emaid } = contractData
  const response: CertificateInstallationResType = {
    ResponseCode: 'OK',
    SAProvisioningCertificateChain: provisioningChain,
    ContractSignatureCertChain: { ...contractChain, Id: 'ID1' },
    ContractSignatureEncryptedPrivateKey: { Id: 'ID2', $value: encryptedPrivateKey },
    DHpublickey: { Id: 'ID3', $value: dhPublicKey },
    eMAID: { Id: 'ID4', $value: emaid },
  }
  return signMessage(sessionId, { CertificateInstallationRes: response }, signer)
}

/** A message as it was decoded, signed or not, and the key that is said to have signed it. */
export interface SignedMessage {
  readonly message: V2gMessage
  readonly verifier: Verifier
}

/** Verifies a CertificateInstallationReq; `verifier` is that of the OEM provisioning certificate in it. */
export function verifyCertificateInstallationReq({ message, verifier }: SignedMessage): SignatureVerdict {
  return verify(message, requestElements(message.Body, ['CertificateInstallationReq']), verifier)
}

/** Verifies the four signed parts of a CertificateInstallationRes or CertificateUpdateRes with the CPS leaf. */
export function verifyContractData({ message, verifier }: SignedMessage): SignatureVerdict {
  return verify(message, contractDataElements(message.Body), verifier)
}

/** Verifies a message of any kind that ISO 15118-2 lets be signed; any other kind is ERR_SIGNATURE_ABSENT. */
export function verifyMessageSignature({ message, verifier }: SignedMessage): SignatureVerdict {
  return verify(message, signedElements(message.Body), verifier)
}

function verify(
  message: V2gMessage,
  elements: readonly SignedElement[],
  verifier: Verifier,
): SignatureVerdict {
  // Without parts to be signed there is nothing that a signature could vouch for.
  const signature = elements.length > 0 ? message.Header.Signature : undefined
  return verifySignature({ signature, elements, verifier })
}

async function signMessage(sessionId: Uint8Array, Body: BodyType, signer: Signer): Promise<V2gMessage> {
  const Signature = await signElements({ references: signedElements(Body), signer })
  return { Header: { SessionID: sessionId, Signature }, Body }
}

function signedElements(body: BodyType): readonly SignedElement[] {
  return [...requestElements(body, SIGNED_REQUESTS), ...contractDataElements(body)]
}

function requestElements(
  body: BodyType,
  names: readonly (typeof SIGNED_REQUESTS)[number][],
): readonly SignedElement[] {
  return names.flatMap((name) => {
    const request = body[name]
    return request === undefined ? [] : [signedElement(name, request)]
  })
}

/** In Hubject's order: ID2, ID1, ID4, ID3. */
function contractDataElements(body: BodyType): readonly SignedElement[] {
  const contractData = body.CertificateInstallationRes ?? body.CertificateUpdateRes
  if (contractData === undefined) return []
  return [
    signedElement('ContractSignatureEncryptedPrivateKey', contractData.ContractSignatureEncryptedPrivateKey),
    signedElement('ContractSignatureCertChain', contractData.ContractSignatureCertChain),
    signedElement('eMAID', contractData.eMAID),
    signedElement('DHpublickey', contractData.DHpublickey),
  ]
}

/** An optional Id that is absent cannot be referred to; the empty one never matches. */
function signedElement(name: string, value: { readonly Id?: string }): SignedElement {
  return { id: value.Id ?? '', element: { namespace: ISO2_MSG_BODY, name, value } }
}
