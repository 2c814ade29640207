import { seededRandom } from '#base'
import type { CertificateChainType, SignatureType, V2gMessage } from '#iso15118'

/** Bytes in the shape of what the messages carry; the codec does not look inside. */
const random = seededRandom(1)
const SESSION_ID = random(8)

const certificates = (count: number): Uint8Array[] => Array.from({ length: count }, () => random(560))

function signature(...ids: readonly string[]): SignatureType {
  return {
    SignedInfo: {
      CanonicalizationMethod: { Algorithm: 'http://www.w3.org/TR/canonical-exi/' },
      SignatureMethod: { Algorithm: 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256' },
      Reference: ids.map((id) => ({
        URI: `#${id}`,
        Transforms: { Transform: [{ Algorithm: 'http://www.w3.org/TR/canonical-exi/' }] },
        DigestMethod: { Algorithm: 'http://www.w3.org/2001/04/xmlenc#sha256' },
        DigestValue: random(32),
      })),
    },
    SignatureValue: { $value: random(64) },
  }
}

function chain(id?: string): CertificateChainType {
  const [leaf = random(1), ...subs] = certificates(3)
  return { ...(id !== undefined && { Id: id }), Certificate: leaf, SubCertificates: { Certificate: subs } }
}

/** A signed request that lists two roots: 1.1 KB. */
export const certificateInstallationReq: V2gMessage = {
  Header: { SessionID: SESSION_ID, Signature: signature('ID1') },
  Body: {
    CertificateInstallationReq: {
      Id: 'ID1',
      OEMProvisioningCert: random(560),
      ListOfRootCertificateIDs: {
        RootCertificateID: [
          {
            X509IssuerName: 'CN=V2G Root CA QA G1,DC=V2G,O=Hubject GmbH,C=DE',
            X509SerialNumber: 2n ** 126n + 7n,
          },
          { X509IssuerName: 'CN=EVouch V2G Root CA,DC=V2G,O=EVouch,C=DE', X509SerialNumber: 12345n },
        ],
      },
    },
  },
}

/** A response with two chains of three certificates and four signed parts: 4.5 KB. */
export const certificateInstallationRes: V2gMessage = {
  Header: { SessionID: SESSION_ID, Signature: signature('ID2', 'ID1', 'ID4', 'ID3') },
  Body: {
    CertificateInstallationRes: {
      ResponseCode: 'OK',
      SAProvisioningCertificateChain: chain(),
      ContractSignatureCertChain: chain('ID1'),
      ContractSignatureEncryptedPrivateKey: { Id: 'ID2', $value: random(48) },
      DHpublickey: { Id: 'ID3', $value: random(65) },
      eMAID: { Id: 'ID4', $value: 'DEEVO0000000012' },
    },
  },
}
