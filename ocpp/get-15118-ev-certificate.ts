import { Type, type Static } from 'typebox'

import type { Subprotocol } from './handshake.ts'
import { payloadCheck } from './payload-check.ts'

/** `iso15118SchemaVersion` of the standard; `ACTIONS` are the values of `CertificateActionEnumType`. */
const SCHEMA_VERSION_CHARACTERS_MAX = 50

/**
 * Characters of base64 that OCPP allows in `exiRequest`. Not part of the schema: too long a request is answered with
 * status Failed and its reason, which reaches the charge point's log, and a CALLERROR would not.
 */
export const EXI_REQUEST_CHARACTERS_MAX: Readonly<Record<Subprotocol, number>> = {
  // 1.6 carries the 2.0.1 message inside DataTransfer.
  'ocpp1.6': 5_600,
  'ocpp2.0.1': 5_600,
  'ocpp2.1': 11_000,
}

/** StatusInfoType of OCPP 2.0.1. */
const REASON_CODE_CHARACTERS_MAX = 20
const ADDITIONAL_INFO_CHARACTERS_MAX = 512

/** Get15118EVCertificateRequest, the members that 2.0.1 and 2.1 share. */
export const Get15118EVCertificateRequest = Type.Object({
  iso15118SchemaVersion: Type.String({ minLength: 1, maxLength: SCHEMA_VERSION_CHARACTERS_MAX }),
  action: Type.Enum(['Install', 'Update']),
  /** Base64 of the EXI document; its length is for the caller to check. */
  exiRequest: Type.String(),
})
export type Get15118EVCertificateRequest = Static<typeof Get15118EVCertificateRequest>

/** Reads the payload of a Get15118EVCertificate call; throws CallError. */
export const checkGet15118EVCertificateRequest: (payload: unknown) => Get15118EVCertificateRequest =
  payloadCheck(Get15118EVCertificateRequest)

/**
 * Get15118EVCertificateResponse. Accepted says that `exiResponse` is there, not that the vehicle gets a contract: a
 * negative answer of the pool is Accepted too (2.0.1 part 2, Get15118EVCertificateStatusEnumType).
 */
export type Get15118EVCertificateResponse =
  | { readonly status: 'Accepted'; readonly exiResponse: string }
  | { readonly status: 'Failed'; readonly exiResponse: ''; readonly statusInfo: StatusInfo }

export interface StatusInfo {
  readonly reasonCode: string
  readonly additionalInfo: string
}

export function accepted(exiResponse: string): Get15118EVCertificateResponse {
  return { status: 'Accepted', exiResponse }
}

/** Both texts are cut to what OCPP 2.0.1 allows, 20 and 512 characters. */
export function failed({ reasonCode, additionalInfo }: StatusInfo): Get15118EVCertificateResponse {
  return {
    status: 'Failed',
    exiResponse: '',
    statusInfo: {
      reasonCode: reasonCode.slice(0, REASON_CODE_CHARACTERS_MAX),
      additionalInfo: additionalInfo.slice(0, ADDITIONAL_INFO_CHARACTERS_MAX),
    },
  }
}
