import { createHash } from 'node:crypto'

import { base64FromBytes, hexFromBytes } from '#base'
import { ISO20_NAMESPACE, ISO2_NAMESPACE, type RootCert } from '#opcp'
import type { Certificate } from '#pki'

import { timestamp } from '../wire-text.ts'
import type { Root } from './root-pool.ts'

/** RootCertV2 with all the members that can be known from the certificate. */
export function rootCertOf({ id, rootType, certificate }: Root): RootCert {
  const keyId = certificate.authorityKeyIdentifier ?? certificate.subjectKeyIdentifier
  return {
    rootCertificateId: id,
    distinguishedName: certificate.distinguishedName,
    caCertificate: base64FromBytes(certificate.der),
    commonName: certificate.commonName ?? '',
    ...(keyId !== undefined && {
      rootAuthorityKeyIdentifier: base64FromBytes(keyId),
      rootAuthorityKeyIdentifierHex: hexFromBytes(keyId),
    }),
    rootIssuerSerialNumber: certificate.serialNumberHex,
    validFrom: timestamp(certificate.validFromMs),
    validTo: timestamp(certificate.validToMs),
    organizationName: certificate.organizationName ?? '',
    rootType,
    fingerprint: certificate.fingerprintSha256Hex,
    fingerprintSha1: createHash('sha1').update(certificate.der).digest('hex'),
    ...editionOf(certificate),
  }
}

/** The curve decides the edition: -2 knows only P-256, -20 only the others. */
const EDITIONS = {
  'ecdsa-p256-sha256': { xsdMsgDefNamespace: ISO2_NAMESPACE, signatureAlgorithm: 'secp256r1' },
  'ecdsa-p521-sha512': { xsdMsgDefNamespace: ISO20_NAMESPACE, signatureAlgorithm: 'secp521r1' },
  ed448: { xsdMsgDefNamespace: ISO20_NAMESPACE, signatureAlgorithm: 'ed448' },
  // Never in the pool.
  'rsa-sha256': {},
} as const

function editionOf({
  publicKeyAlgorithm,
}: Certificate): Pick<RootCert, 'xsdMsgDefNamespace' | 'signatureAlgorithm'> {
  return publicKeyAlgorithm === undefined ? {} : EDITIONS[publicKeyAlgorithm]
}
