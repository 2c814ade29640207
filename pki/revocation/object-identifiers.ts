/** The object identifiers of CRLs (RFC 5280 section 5) and OCSP (RFC 6960 section 4), in dotted form. */

export const CRL_EXTENSION = {
  number: '2.5.29.20',
  deltaIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  authorityKeyIdentifier: '2.5.29.35',
} as const

export const CRL_ENTRY_EXTENSION = {
  reasonCode: '2.5.29.21',
  certificateIssuer: '2.5.29.29',
} as const

/** Extensions of certificates that say where to ask. */
export const SOURCE_EXTENSION = {
  crlDistributionPoints: '2.5.29.31',
  authorityInformationAccess: '1.3.6.1.5.5.7.1.1',
} as const

export const OCSP = {
  /** As an access method of authority information access. */
  accessMethod: '1.3.6.1.5.5.7.48.1',
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
  signingPurpose: '1.3.6.1.5.5.7.3.9',
} as const
