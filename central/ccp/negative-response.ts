import { encodeV2gMessage, type responseCodeType } from '#iso15118'

/** What the live service puts where the schema wants something and there is nothing: vehicles do not look at it. */
const NO_BYTES = Uint8Array.of(0)
const NO_ID = '0'
/** Says the same whatever the reason; the reason is the ResponseCode. */
const NOTIFICATION = { FaultCode: 'UnknownError', FaultMsg: 'CPO certInstall status' } as const

/** A CertificateInstallationRes that tells the vehicle why there is no contract, as EXI, unsigned. */
export function encodeNegativeResponse({
  sessionId,
  responseCode,
}: {
  readonly sessionId: Uint8Array
  readonly responseCode: responseCodeType
}): Uint8Array {
  return encodeV2gMessage({
    Header: { SessionID: sessionId, Notification: NOTIFICATION },
    Body: {
      CertificateInstallationRes: {
        ResponseCode: responseCode,
        SAProvisioningCertificateChain: { Certificate: NO_BYTES },
        ContractSignatureCertChain: { Certificate: NO_BYTES },
        ContractSignatureEncryptedPrivateKey: { Id: NO_ID, $value: NO_BYTES },
        DHpublickey: { Id: NO_ID, $value: NO_BYTES },
        eMAID: { Id: NO_ID, $value: '0' },
      },
    },
  })
}
