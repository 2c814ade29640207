import { Type } from 'typebox'

import { TokenErrorBody } from './error-body.ts'
import { SCOPES, type RouteDescription } from './operation.ts'
import { namespaceParameter } from './parameters.ts'
import { TokenRequest, TokenResponse } from './token-bodies.ts'

/** Token endpoint and its published keys: outside the role matrix, since they come before any token. */
export const TOKEN_PATH = '/oauth/token'
export const JWKS_PATH = '/.well-known/jwks.json'
export const OPENID_PATH = '/.well-known/openid-configuration'

const JSON_TYPE = 'application/json'

export const TOKEN_ROUTES = {
  token: {
    summary: 'Gives a token for client credentials (RFC 6749 §4.4), which may also come by HTTP Basic.',
    request: TokenRequest,
    requestTypes: [JSON_TYPE, 'application/x-www-form-urlencoded'],
    answers: {
      200: TokenResponse,
      400: TokenErrorBody,
      401: TokenErrorBody,
      403: TokenErrorBody,
      429: TokenErrorBody,
    },
  },
  jwks: {
    summary: 'The keys that tokens are signed with (RFC 7517).',
    answers: { 200: Type.Object({ keys: Type.Array(Type.Record(Type.String(), Type.Unknown())) }) },
  },
  openid: {
    summary: 'Where tokens and keys are (OpenID Connect Discovery 1.0).',
    answers: { 200: Type.Record(Type.String(), Type.Unknown()) },
  },
} as const satisfies Record<string, RouteDescription>

const Base64Der = Type.String({ contentEncoding: 'base64', description: 'In lines of 76 characters.' })
const ENROL_QUERY = {
  xsdMsgDefNamespace: namespaceParameter,
  algorithm: Type.Enum(['secp256r1', 'secp521r1', 'ed448']),
}
const ENROLMENT = {
  query: ENROL_QUERY,
  request: Type.String({ contentEncoding: 'base64', description: 'PKCS#10 as base64 of DER, PEM or DER.' }),
  requestTypes: ['application/pkcs10'],
  answers: { 200: Base64Der },
  answerType: 'application/pkcs7-mime',
} as const

/** Enrolment over secure transport, RFC 7030. Which role may call depends on the CA. */
export const EST_ROUTES = {
  cacerts: {
    summary: 'The chain of the CA and its root: sub CA 2, sub CA 1, root.',
    scope: SCOPES.pki,
    query: ENROL_QUERY,
    answers: { 200: Base64Der },
    answerType: 'application/pkcs7-mime',
  },
  csrattrs: {
    summary: 'What a certificate request must hold.',
    scope: SCOPES.pki,
    query: ENROL_QUERY,
    answers: { 200: Base64Der },
    answerType: 'application/csrattrs',
  },
  simpleenroll: { summary: 'Issues a certificate.', scope: SCOPES.pki, ...ENROLMENT },
  simplereenroll: {
    summary: 'Renews the certificate that the caller shows in the TLS handshake.',
    clientCertificate: true,
    ...ENROLMENT,
  },
} as const satisfies Record<string, RouteDescription>

const Der = Type.Unknown({ description: 'DER' })

export const REVOCATION_ROUTES = {
  ocsp: {
    summary: 'Tells whether a certificate is revoked (RFC 6960).',
    request: Der,
    requestTypes: ['application/ocsp-request'],
    answers: { 200: Der },
    answerType: 'application/ocsp-response',
  },
  ocspByPath: {
    summary: 'The same, with the request as base64 in the path.',
    answers: { 200: Der },
    answerType: 'application/ocsp-response',
  },
  crl: {
    summary: 'The revoked certificates of a CA (RFC 5280 §5).',
    answers: { 200: Der },
    answerType: 'application/pkix-crl',
  },
} as const satisfies Record<string, RouteDescription>
