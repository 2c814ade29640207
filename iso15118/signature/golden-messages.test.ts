import { type KeyObject, verify, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { bytesFromHex, hexFromBytes, type SignatureAlgorithm, type Verifier } from '#base'

import { exiCodec } from '../exi/codec.ts'
import type { SignatureType } from '../messages/iso2.generated.ts'
import { decodeV2gMessage, encodeV2gMessage, v2gMessageFromXml } from '../messages/v2g-message.ts'
import { type SignedSchema, suiteOf } from './algorithms.ts'
import {
  verifyCertificateInstallationReq,
  verifyContractData,
  verifyMessageSignature,
} from './messages-iso2.ts'
import { digestOf, type SignedElement, signedInfoBytes } from './signed-element.ts'
import { verifySignature } from './verify.ts'

const SHARED = new URL('../../../shared/vectors/', import.meta.url)

interface GoldenReference {
  readonly uri: string
  readonly element: string
  readonly fragmentHex: string
  readonly sha256: string
}

interface GoldenMessage {
  readonly id: string
  readonly exiBase64: string
  readonly oemProvisioningCertDer?: string
  readonly oemLeafDer?: string
  readonly cpsLeafDer?: string
  readonly references?: readonly GoldenReference[]
  readonly signedInfoFragmentHex: string
  readonly signatureRsHex: string
  readonly eMAIDTypedFragmentHex_wrong?: string
  readonly signedDataXmlBase64?: string
}

function read(file: string) {
  const url = new URL(file, SHARED)
  return existsSync(url) ? JSON.parse(readFileSync(url, 'utf8')) : { vectors: [], messages: [] }
}

const golden: readonly GoldenMessage[] = read('opcp/opcp-golden-vectors.json').vectors
const present = golden.length > 0
const signedIso2 = golden.filter(({ id, references }) => id.startsWith('iso2-') && references !== undefined)
const base64 = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))

function verifierOf(key: KeyObject, algorithm: SignatureAlgorithm = 'ecdsa-p256-sha256'): Verifier {
  const hash = algorithm === 'ecdsa-p256-sha256' ? 'sha256' : 'sha512'
  return {
    algorithm,
    verify: (data, signature) => verify(hash, data, { key, dsaEncoding: 'ieee-p1363' }, signature),
  }
}

const certificateKey = (der: Uint8Array) => new X509Certificate(der).publicKey

function verifierFor(message: GoldenMessage): Verifier {
  return verifierOf(certificateKey(bytesFromHex(message.oemProvisioningCertDer ?? message.cpsLeafDer ?? '')))
}

/** The bytes both digests and signature of a golden message are made of, from what was decoded. */
function fragmentsOf(signature: SignatureType, message: GoldenMessage) {
  return {
    signedInfo: hexFromBytes(signedInfoBytes(signature.SignedInfo)),
    digests: signature.SignedInfo.Reference.map(({ DigestValue }) => hexFromBytes(DigestValue)),
    uris: signature.SignedInfo.Reference.map(({ URI }) => URI),
    fragments: (message.references ?? []).map(({ fragmentHex }) => {
      const { element } = exiCodec('iso2').decodeFragment(bytesFromHex(fragmentHex))
      return hexFromBytes(exiCodec('iso2').encodeFragment(element))
    }),
  }
}

describe.skipIf(!present)(
  'the published messages of Hubject and CharIN (not run: ../shared is absent)',
  () => {
    test('are one request and three responses that are signed', () => {
      expect(signedIso2.map(({ references }) => references?.length)).toEqual([1, 4, 4, 4])
    })

    test.each(signedIso2)('$id: every digest, SignedInfo and the signature verify', (vector) => {
      const { message } = decodeV2gMessage(base64(vector.exiBase64))
      const signed = { message, verifier: verifierFor(vector) }
      const verdict =
        vector.oemProvisioningCertDer === undefined
          ? verifyContractData(signed)
          : verifyCertificateInstallationReq(signed)
      expect(verdict).toEqual({
        valid: true,
        references: vector.references?.map(({ uri, element }) => ({ uri, element, valid: true })),
      })
    })

    test.each(signedIso2)('$id: what is hashed is byte for byte what was published', (vector) => {
      const signature = decodeV2gMessage(base64(vector.exiBase64)).message.Header.Signature
      if (signature === undefined) throw new Error('not signed')
      expect(fragmentsOf(signature, vector)).toEqual({
        signedInfo: vector.signedInfoFragmentHex,
        digests: vector.references?.map(({ sha256 }) => sha256),
        uris: vector.references?.map(({ uri }) => uri),
        fragments: vector.references?.map(({ fragmentHex }) => fragmentHex),
      })
      expect(hexFromBytes(signature.SignatureValue.$value)).toBe(vector.signatureRsHex)
    })

    test('the XML form of contract data, which has no session id, verifies too', () => {
      const vector = signedIso2.find(({ signedDataXmlBase64 }) => signedDataXmlBase64 !== undefined)
      const xml = Buffer.from(vector?.signedDataXmlBase64 ?? '', 'base64').toString('utf8')
      if (vector === undefined) throw new Error('no such vector')
      const message = v2gMessageFromXml(xml.replace('Header>', 'Header><ns3:SessionID>00</ns3:SessionID>'))
      expect(verifyContractData({ message, verifier: verifierFor(vector) })).toMatchObject({ valid: true })
    })

    test('each message is refused with the key of another signer', () => {
      for (const [index, vector] of signedIso2.entries()) {
        const { message } = decodeV2gMessage(base64(vector.exiBase64))
        const other = signedIso2[(index + 1) % signedIso2.length] ?? vector
        expect(verifyMessageSignature({ message, verifier: verifierFor(other) })).toMatchObject({
          code: 'ERR_SIGNATURE_VALUE',
        })
      }
    })

    test('the negative response is not signed', () => {
      const vector = golden.find(({ id }) => id === 'iso2-negative-res-hubject')
      const { message } = decodeV2gMessage(base64(vector?.exiBase64 ?? ''))
      const [signer] = signedIso2
      if (signer === undefined) throw new Error('no such vector')
      expect(verifyContractData({ message, verifier: verifierFor(signer) })).toMatchObject({
        code: 'ERR_SIGNATURE_ABSENT',
      })
    })

    test('re-encoding a message keeps its signature', () => {
      for (const vector of signedIso2) {
        const once = decodeV2gMessage(base64(vector.exiBase64)).message
        const { message } = decodeV2gMessage(encodeV2gMessage(once))
        expect(verifyMessageSignature({ message, verifier: verifierFor(vector) })).toMatchObject({
          valid: true,
        })
      }
    })
  },
)

interface SignatureVector {
  readonly name: string
  readonly references_in_wire_order?: readonly { readonly fragment_exi: string; readonly sha256: string }[]
  readonly references?: readonly { readonly fragment_exi: string; readonly sha256: string }[]
  readonly signed_info_exi?: string
  readonly signature_value_raw_rs?: string
  readonly signer_certificate_der_b64?: string
}

const messages: readonly SignatureVector[] = read('xmldsig/xmldsig-iso15118-2.json').messages
const published = messages.filter(({ signed_info_exi }) => signed_info_exi !== undefined)

/** The parts as elements, each with the Id it carries. */
function elementsOf(vector: SignatureVector, schema: SignedSchema): readonly SignedElement[] {
  return (vector.references_in_wire_order ?? vector.references ?? []).map(({ fragment_exi }) => {
    const { element } = exiCodec(schema).decodeFragment(bytesFromHex(fragment_exi))
    return { id: String(Object(element.value).Id), element }
  })
}

/** The signature as a message would carry it, rebuilt from what was signed. */
function signatureOf(vector: SignatureVector): SignatureType {
  const { element } = exiCodec('xmldsig').decodeFragment(bytesFromHex(vector.signed_info_exi ?? ''))
  return {
    SignedInfo: Object(element.value),
    SignatureValue: { $value: bytesFromHex(vector.signature_value_raw_rs ?? '') },
  }
}

describe.skipIf(published.length === 0)('the XML signature vectors (not run: ../shared is absent)', () => {
  test.each(published)('$name: every digest is that of the fragment', (vector) => {
    const suite = suiteOf('iso2', 'ecdsa-p256-sha256')
    if (suite === undefined) throw new Error('no suite')
    expect(elementsOf(vector, 'iso2').map((part) => hexFromBytes(digestOf(part, 'iso2', suite)))).toEqual(
      (vector.references_in_wire_order ?? vector.references)?.map(({ sha256 }) => sha256),
    )
    expect(hexFromBytes(signedInfoBytes(signatureOf(vector).SignedInfo))).toBe(vector.signed_info_exi)
  })

  test.each(published.filter(({ signer_certificate_der_b64 }) => signer_certificate_der_b64 !== undefined))(
    '$name: the signature verifies',
    (vector) => {
      const verdict = verifySignature({
        signature: signatureOf(vector),
        elements: elementsOf(vector, 'iso2'),
        verifier: verifierOf(certificateKey(base64(vector.signer_certificate_der_b64 ?? ''))),
      })
      expect(verdict).toMatchObject({ valid: true })
    },
  )
})

interface SignatureVector20 {
  readonly name: string
  readonly fragment_exi: string
  readonly sha512: string
  readonly signed_info_exi: string
  readonly signature_value_raw_rs: string
  readonly signer_certificate_der_b64: string
}

const published20: readonly SignatureVector20[] = read('xmldsig/xmldsig-iso15118-20.json').messages

describe.skipIf(published20.length === 0)('the -20 signature vectors (not run: ../shared is absent)', () => {
  test.each(published20)('$name verifies with P-521 and SHA-512', (vector) => {
    const references = [{ fragment_exi: vector.fragment_exi, sha256: '' }]
    const toVerify = {
      signature: signatureOf(vector),
      elements: elementsOf({ name: vector.name, references }, 'iso20'),
      verifier: verifierOf(certificateKey(base64(vector.signer_certificate_der_b64)), 'ecdsa-p521-sha512'),
    }
    expect(verifySignature({ ...toVerify, schema: 'iso20' })).toMatchObject({ valid: true })
    expect(verifySignature({ ...toVerify, schema: 'iso2' })).toMatchObject({
      code: 'ERR_SIGNATURE_ALGORITHM',
    })
  })
})
