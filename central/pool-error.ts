import { CodedError } from '#base'

/** Each with the HTTP status it becomes. One table: services know codes, only the HTTP edge knows statuses. */
export const POOL_ERROR_STATUS = {
  /** The body is no JSON, nested too deeply, or lacks something. */
  ERR_POOL_BODY: 400,
  ERR_POOL_BODY_TOO_LARGE: 413,
  ERR_POOL_MEDIA_TYPE: 415,
  /** A field that is present but not what it must be. */
  ERR_POOL_FIELD: 400,
  ERR_POOL_CERTIFICATE_FORMAT: 400,
  ERR_POOL_UNAUTHENTICATED: 401,
  ERR_POOL_SCOPE: 403,
  ERR_POOL_ROLE: 403,
  /** The identifier belongs to another participant. */
  ERR_POOL_NOT_OWNER: 403,
  ERR_POOL_UNKNOWN_PATH: 404,
  ERR_RCP_NOT_FOUND: 404,
  ERR_RCP_ROOT_REFUSED: 400,
  ERR_PCP_NOT_FOUND: 404,
  /** Stored, but no longer to be handed out. */
  ERR_PCP_NOT_VALID: 404,
  ERR_PCP_EXPIRED: 400,
  ERR_PCP_CHAIN: 400,
  ERR_PCP_REVOKED: 400,
  ERR_CPS_CONTRACT_EXPIRED: 400,
  ERR_CPS_CHAIN: 400,
  ERR_CPS_REVOKED: 400,
  ERR_CPS_PERIOD: 400,
  ERR_CPS_SIGNER_UNKNOWN: 400,
  ERR_CPS_VEHICLE_UNKNOWN: 400,
  ERR_CCP_TAKEN: 400,
  ERR_CCP_SIGNED_DATA: 400,
  ERR_CCP_EXI: 400,
  ERR_CCP_REQUEST_SIGNATURE: 400,
  ERR_CCP_REQUEST_CHAIN: 400,
  ERR_CCP_NOT_FOUND: 404,
  /** No CA of that name, kind, edition and algorithm. */
  ERR_EST_UNKNOWN_CA: 404,
  ERR_EST_REQUEST: 400,
  ERR_EST_COMMON_NAME: 400,
  ERR_EST_NOT_REGISTERED: 403,
  ERR_EST_CLIENT_CERTIFICATE: 401,
  /** A renewal for another name than that of the client certificate. */
  ERR_EST_OTHER_NAME: 403,
  /** None that this service has issued. */
  ERR_EST_CERTIFICATE_UNKNOWN: 404,
  /** Nobody says whether a certificate is revoked, and the config wants it known. */
  ERR_POOL_STATUS_UNKNOWN: 502,
  /** This central is not set up for the operation. */
  ERR_POOL_NOT_CONFIGURED: 503,
} as const

export type PoolErrorCode = keyof typeof POOL_ERROR_STATUS

/**
 * A refusal by one of the pools. Its message goes out as `errorMessages[0]` and is part of the wire wherever OPCP
 * documents a text; it never holds a secret.
 */
export class PoolError extends CodedError<PoolErrorCode> {
  override name = 'PoolError'
}

/** For a path that was refused with ERR_PATH_STATUS_UNKNOWN. */
export function statusUnknown(refusal: { readonly message: string }): PoolError {
  return new PoolError(
    'ERR_POOL_STATUS_UNKNOWN',
    'The revocation status of the certificate chain is not known.',
    {
      cause: new Error(refusal.message),
    },
  )
}
