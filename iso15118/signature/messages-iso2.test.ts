import { generateKeyPairSync, sign, verify } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { CodedError, type Signer, systemRandom, type Verifier } from '#base'

import type {
  BodyType,
  CertificateInstallationResType,
  ReferenceType,
  SignatureType,
} from '../messages/iso2.generated.ts'
import { decodeV2gMessage, encodeV2gMessage, type V2gMessage } from '../messages/v2g-message.ts'
import {
  signAuthorizationReq,
  signCertificateInstallationReq,
  signContractData,
  verifyCertificateInstallationReq,
  verifyContractData,
  verifyMessageSignature,
} from './messages-iso2.ts'

function newParty(): { readonly signer: Signer; readonly verifier: Verifier } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const algorithm = 'ecdsa-p256-sha256'
  const dsaEncoding = 'ieee-p1363'
  return {
    signer: {
      algorithm,
      sign: (data) => Promise.resolve(new Uint8Array(sign('sha256', data, { key: privateKey, dsaEncoding }))),
    },
    verifier: {
      algorithm,
      verify: (data, signature) => verify('sha256', data, { key: publicKey, dsaEncoding }, signature),
    },
  }
}

const sessionId = systemRandom(8)
const { signer, verifier } = newParty()
const chain = {
  Certificate: systemRandom(400),
  SubCertificates: { Certificate: [systemRandom(420), systemRandom(410)] },
}

const contractData = await signContractData({
  sessionId,
  contractData: {
    provisioningChain: chain,
    contractChain: chain,
    encryptedPrivateKey: systemRandom(48),
    dhPublicKey: systemRandom(65),
    emaid: 'DE8AAC12345678',
  },
  signer,
})
const rootId = { X509IssuerName: 'CN=V2G Root, DC=V2G', X509SerialNumber: 12345n }
const request = await signCertificateInstallationReq({
  sessionId,
  request: {
    OEMProvisioningCert: systemRandom(500),
    ListOfRootCertificateIDs: { RootCertificateID: [rootId] },
  },
  signer,
})

/** The signature and the parts of the signed message, as the tests change them. */
function partsOf({ Header: { Signature }, Body: { CertificateInstallationRes } }: V2gMessage): {
  readonly signature: SignatureType
  readonly response: CertificateInstallationResType
} {
  if (Signature === undefined || CertificateInstallationRes === undefined) throw new Error('not signed')
  return { signature: Signature, response: CertificateInstallationRes }
}

const { signature, response } = partsOf(contractData)
const [first, ...others] = signature.SignedInfo.Reference
if (first === undefined) throw new Error('no reference')

const withResponse = (over: Partial<CertificateInstallationResType>): V2gMessage => ({
  ...contractData,
  Body: { CertificateInstallationRes: { ...response, ...over } },
})
const withSignature = (Signature: SignatureType): V2gMessage => ({
  ...contractData,
  Header: { ...contractData.Header, Signature },
})
const withReferences = (Reference: readonly ReferenceType[]): V2gMessage =>
  withSignature({ ...signature, SignedInfo: { ...signature.SignedInfo, Reference } })

/** The bytes with one bit turned over. */
function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = (bit >> 3) % bytes.length
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7))
  return copy
}

describe('signed contract data', () => {
  test('verifies, with four references in the order and with the Ids that Hubject uses', () => {
    const { message } = decodeV2gMessage(encodeV2gMessage(contractData))
    expect(verifyContractData({ message, verifier })).toEqual({
      valid: true,
      references: [
        { uri: '#ID2', element: 'ContractSignatureEncryptedPrivateKey', valid: true },
        { uri: '#ID1', element: 'ContractSignatureCertChain', valid: true },
        { uri: '#ID4', element: 'eMAID', valid: true },
        { uri: '#ID3', element: 'DHpublickey', valid: true },
      ],
    })
  })

  test('verifies as an update, in any order of references, and under another session id', () => {
    const update = { ...contractData, Body: { CertificateUpdateRes: response } }
    expect(verifyContractData({ message: update, verifier })).toMatchObject({ valid: true })
    const delivered = { ...contractData, Header: { ...contractData.Header, SessionID: systemRandom(8) } }
    expect(verifyContractData({ message: delivered, verifier })).toMatchObject({ valid: true })
  })

  const anyBit = fc.nat(8 * 400 - 1)
  test.each([
    {
      part: 'ContractSignatureCertChain',
      change: (bit: number) => ({
        ContractSignatureCertChain: {
          ...response.ContractSignatureCertChain,
          Certificate: flip(response.ContractSignatureCertChain.Certificate, bit),
        },
      }),
    },
    {
      part: 'ContractSignatureEncryptedPrivateKey',
      change: (bit: number) => ({
        ContractSignatureEncryptedPrivateKey: {
          Id: 'ID2',
          $value: flip(response.ContractSignatureEncryptedPrivateKey.$value, bit),
        },
      }),
    },
    {
      part: 'DHpublickey',
      change: (bit: number) => ({
        DHpublickey: { Id: 'ID3', $value: flip(response.DHpublickey.$value, bit) },
      }),
    },
    {
      part: 'eMAID',
      change: (bit: number) => ({
        eMAID: {
          Id: 'ID4',
          $value: response.eMAID.$value.replace('8', String.fromCodePoint(65 + (bit % 26))),
        },
      }),
    },
  ])('with one bit of $part changed is refused, naming the part', ({ part, change }) => {
    fc.assert(
      fc.property(anyBit, (bit) => {
        const verdict = verifyContractData({ message: withResponse(change(bit)), verifier })
        expect(verdict).toMatchObject({ valid: false, code: 'ERR_SIGNATURE_DIGEST' })
        expect(verdict.references.filter(({ valid }) => !valid).map(({ element }) => element)).toEqual([part])
      }),
      { numRuns: 30 },
    )
  })

  test('with one bit of a digest changed is refused for SignedInfo', () => {
    fc.assert(
      fc.property(fc.nat(255), (bit) => {
        const changed = { ...first, DigestValue: flip(first.DigestValue, bit) }
        const verdict = verifyContractData({ message: withReferences([changed, ...others]), verifier })
        expect(verdict).toMatchObject({ code: 'ERR_SIGNATURE_SIGNED_INFO' })
      }),
      { numRuns: 30 },
    )
  })

  test('with one bit of the signature changed is refused for the signature', () => {
    fc.assert(
      fc.property(fc.nat(511), (bit) => {
        const $value = flip(signature.SignatureValue.$value, bit)
        const message = withSignature({ ...signature, SignatureValue: { $value } })
        expect(verifyContractData({ message, verifier })).toMatchObject({ code: 'ERR_SIGNATURE_VALUE' })
      }),
      { numRuns: 30 },
    )
  })

  const other = 'http://www.w3.org/2001/10/xml-exc-c14n#'
  const { SignedInfo } = signature
  test.each([
    {
      what: 'no signature',
      code: 'ERR_SIGNATURE_ABSENT',
      message: { ...contractData, Header: { SessionID: sessionId } },
    },
    { what: 'a missing reference', code: 'ERR_SIGNATURE_REFERENCE_MISSING', message: withReferences(others) },
    { what: 'no reference', code: 'ERR_SIGNATURE_REFERENCE_MISSING', message: withReferences([]) },
    {
      what: 'a reference twice',
      code: 'ERR_SIGNATURE_REFERENCE_DUPLICATE',
      message: withReferences([first, first, ...others.slice(1)]),
    },
    {
      what: 'a reference to nothing',
      code: 'ERR_SIGNATURE_REFERENCE_UNKNOWN',
      message: withReferences([{ ...first, URI: '#ID9' }, ...others]),
    },
    {
      what: 'a reference without URI',
      code: 'ERR_SIGNATURE_REFERENCE_UNKNOWN',
      message: withReferences([
        { DigestMethod: first.DigestMethod, DigestValue: first.DigestValue },
        ...others,
      ]),
    },
    {
      what: 'a fifth reference',
      code: 'ERR_SIGNATURE_TOO_MANY_REFERENCES',
      message: withReferences([first, ...others, first]),
    },
    {
      what: 'two parts of one Id',
      code: 'ERR_SIGNATURE_ID',
      message: withResponse({ eMAID: { Id: 'ID3', $value: response.eMAID.$value } }),
    },
    {
      what: 'a part without Id',
      code: 'ERR_SIGNATURE_ID',
      message: withResponse({ ContractSignatureCertChain: chain }),
    },
    {
      what: 'another digest',
      code: 'ERR_SIGNATURE_ALGORITHM',
      message: withReferences([{ ...first, DigestMethod: { Algorithm: other } }, ...others]),
    },
    {
      what: 'another transform',
      code: 'ERR_SIGNATURE_ALGORITHM',
      message: withReferences([{ ...first, Transforms: { Transform: [{ Algorithm: other }] } }, ...others]),
    },
    {
      what: 'another canonicalization',
      code: 'ERR_SIGNATURE_ALGORITHM',
      message: withSignature({
        ...signature,
        SignedInfo: { ...SignedInfo, CanonicalizationMethod: { Algorithm: other } },
      }),
    },
    {
      what: 'another signature method',
      code: 'ERR_SIGNATURE_ALGORITHM',
      message: withSignature({
        ...signature,
        SignedInfo: { ...SignedInfo, SignatureMethod: { Algorithm: other } },
      }),
    },
    {
      what: 'a part that has no EXI form',
      code: 'ERR_SIGNATURE_ENCODING',
      message: withResponse({ eMAID: { Id: 'ID4', $value: '\uD800' } }),
    },
    { what: 'a request in its place', code: 'ERR_SIGNATURE_ABSENT', message: request },
  ])('with $what is refused: $code', ({ code, message }) => {
    expect(verifyContractData({ message, verifier })).toMatchObject({ valid: false, code })
  })

  test('signed by another CPS is refused', () => {
    const verdict = verifyContractData({ message: contractData, verifier: newParty().verifier })
    expect(verdict).toMatchObject({ code: 'ERR_SIGNATURE_VALUE' })
    expect(verdict.references.every(({ valid }) => valid)).toBe(true)
  })

  test('keys of another size than ISO 15118-2 has neither sign nor verify', async () => {
    const algorithm = 'ecdsa-p521-sha512'
    const verdict = verifyContractData({ message: contractData, verifier: { ...verifier, algorithm } })
    expect(verdict).toMatchObject({ code: 'ERR_SIGNATURE_ALGORITHM' })
    const signing = signAuthorizationReq({
      sessionId,
      genChallenge: sessionId,
      signer: { ...signer, algorithm },
    })
    await expect(signing).rejects.toThrow(TypeError)
  })
})

describe('a signed request', () => {
  test('verifies as a whole', () => {
    const { message } = decodeV2gMessage(encodeV2gMessage(request))
    expect(verifyCertificateInstallationReq({ message, verifier })).toEqual({
      valid: true,
      references: [{ uri: '#ID1', element: 'CertificateInstallationReq', valid: true }],
    })
    expect(verifyContractData({ message, verifier })).toMatchObject({ code: 'ERR_SIGNATURE_ABSENT' })
  })

  test('of authorization verifies with the contract key', async () => {
    const message = await signAuthorizationReq({ sessionId, genChallenge: systemRandom(16), signer })
    expect(verifyMessageSignature({ message, verifier })).toMatchObject({ valid: true })
    expect(verifyCertificateInstallationReq({ message, verifier })).toMatchObject({
      code: 'ERR_SIGNATURE_ABSENT',
    })
  })

  test('a kind of message that is never signed is refused although it carries a signature', () => {
    const message = {
      Header: request.Header,
      Body: { SessionStopReq: { ChargingSession: 'Terminate' } },
    } as const
    expect(verifyMessageSignature({ message, verifier })).toMatchObject({ code: 'ERR_SIGNATURE_ABSENT' })
  })
})

/** What a signature does not cover, made equal: what is left is what it covers. */
function signedContent({ Body }: V2gMessage): BodyType {
  const { CertificateInstallationRes, ...whole } = Body
  if (CertificateInstallationRes === undefined) return whole
  return {
    CertificateInstallationRes: {
      ...CertificateInstallationRes,
      ResponseCode: 'OK',
      SAProvisioningCertificateChain: chain,
    },
  }
}

describe.each([
  { kind: 'a request', message: request },
  { kind: 'contract data', message: contractData },
])('any changed bit in the EXI of $kind', ({ message }) => {
  const exi = encodeV2gMessage(message)
  test('is an EXI error, a refusal, or outside of what is signed', () => {
    fc.assert(
      fc.property(fc.nat(exi.length * 8 - 1), (bit) => {
        let changed: V2gMessage
        try {
          changed = decodeV2gMessage(flip(exi, bit)).message
        } catch (error) {
          expect(error).toBeInstanceOf(CodedError)
          return
        }
        const verdict = verifyMessageSignature({ message: changed, verifier })
        if (verdict.valid) expect(signedContent(changed)).toEqual(signedContent(message))
      }),
      { numRuns: 500 },
    )
  })
})
