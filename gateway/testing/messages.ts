/** Builders of the two messages of an installation, for tests. */
import type { KeyObject } from 'node:crypto'

import { base64FromBytes, systemClock, systemRandom } from '#base'
import {
  encodeV2gMessage,
  signCertificateInstallationReq,
  signContractData,
  type V2gMessage,
} from '#iso15118'
import {
  authorityOf,
  type Certificate,
  generateP256KeyPair,
  type KeyedCertificate,
  softwareSigner,
  type ThrowawayPki,
} from '#pki'

const SESSION_ID = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)
export const EMAID = 'DEEVOC12345678X'
const DAY_MS = 86_400_000

export interface RequestOptions {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
  readonly v2gRoots: readonly Certificate[]
}

export async function installationRequest({
  certificate,
  privateKey,
  v2gRoots,
}: RequestOptions): Promise<V2gMessage> {
  return signCertificateInstallationReq({
    sessionId: SESSION_ID,
    signer: softwareSigner(privateKey),
    request: {
      OEMProvisioningCert: certificate.der,
      ListOfRootCertificateIDs: {
        RootCertificateID: v2gRoots.map((root) => ({
          X509IssuerName: root.issuer.text,
          X509SerialNumber: BigInt(`0x${root.serialNumberHex}`),
        })),
      },
    },
  })
}

/** A contract signed by the CPS of `pki`; nobody here opens its key, so that its bytes are filler. */
export async function contractAnswer(
  pki: ThrowawayPki,
  {
    signedBy = pki['cps/leaf'],
    sessionId = SESSION_ID,
  }: { signedBy?: KeyedCertificate; sessionId?: Uint8Array } = {},
): Promise<V2gMessage> {
  const { publicKey } = await generateP256KeyPair()
  const contract = await authorityOf(pki['mo/sub2'], systemRandom).issue({
    profile: 'contract',
    subject: { commonName: EMAID },
    publicKey,
    notBeforeMs: systemClock() - DAY_MS,
    notAfterMs: systemClock() + DAY_MS,
  })
  return signContractData({
    sessionId,
    signer: softwareSigner(signedBy.privateKey),
    contractData: {
      provisioningChain: {
        Certificate: pki['cps/leaf'].certificate.der,
        SubCertificates: derOf(pki['cps/sub2'].certificate, pki['cps/sub1'].certificate),
      },
      contractChain: {
        Certificate: contract.der,
        SubCertificates: derOf(pki['mo/sub2'].certificate, pki['mo/sub1'].certificate),
      },
      encryptedPrivateKey: new Uint8Array(48).fill(1),
      dhPublicKey: new Uint8Array(65).fill(4),
      emaid: EMAID,
    },
  })
}

function derOf(...certificates: readonly Certificate[]): { Certificate: Uint8Array[] } {
  return { Certificate: certificates.map((certificate) => certificate.der) }
}

/** The negative answer that a pool sends with status 404. */
export function negativeAnswer(answer: V2gMessage): V2gMessage {
  const response = answer.Body.CertificateInstallationRes
  if (response === undefined) throw new TypeError('no CertificateInstallationRes')
  return {
    Header: { SessionID: answer.Header.SessionID },
    Body: { CertificateInstallationRes: { ...response, ResponseCode: 'FAILED_NoCertificateAvailable' } },
  }
}

export function exiBase64(message: V2gMessage): string {
  return base64FromBytes(encodeV2gMessage(message))
}
