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
  /** What is stored is not the version that If-Match names. */
  ERR_POOL_PRECONDITION: 412,
  /** A client or a source asks more often than it may. */
  ERR_POOL_RATE: 429,
  ERR_POOL_IDEMPOTENCY_KEY: 400,
  /** The Idempotency-Key came with another request before. */
  ERR_POOL_IDEMPOTENCY_REUSED: 422,
  /** The request of this Idempotency-Key is still being carried out. */
  ERR_POOL_IDEMPOTENCY_PENDING: 409,
  /** It was carried out, and its answer held a secret, which is told once. */
  ERR_POOL_IDEMPOTENCY_SECRET: 409,
  ERR_REGISTRY_NOT_FOUND: 404,
  /** The id or identifier is somebody else's. */
  ERR_REGISTRY_TAKEN: 409,
  /** More rights than there are to give. */
  ERR_REGISTRY_REFUSED: 400,
  /** Not in the state that the participant or client is in. */
  ERR_REGISTRY_STATE: 409,
  /** Two administrators changed the same at the same time. */
  ERR_REGISTRY_CHANGED: 409,
  ERR_RCP_NOT_FOUND: 404,
  ERR_RCP_ROOT_REFUSED: 400,
  /** Who proposes a root cannot approve it. */
  ERR_RCP_SAME_PERSON: 403,
  /** Approved was another certificate than the proposed one. */
  ERR_RCP_FINGERPRINT: 400,
  /** No certificate trust list of that number, or none at all. */
  ERR_RCP_NO_TRUST_LIST: 404,
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
  /** The key of the CPS does not sign: an HSM that is busy or gone. */
  ERR_CPS_KEY_FAILED: 503,
  ERR_CPS_VEHICLE_UNKNOWN: 400,
  ERR_CCP_TAKEN: 400,
  ERR_CCP_SIGNED_DATA: 400,
  ERR_CCP_EXI: 400,
  ERR_CCP_REQUEST_SIGNATURE: 400,
  ERR_CCP_REQUEST_CHAIN: 400,
  ERR_CCP_NOT_FOUND: 404,
  ERR_CCP_CONTRACT_NOT_FOUND: 404,
  /** Stored, but no longer to be handed out. */
  ERR_CCP_CONTRACT_NOT_VALID: 404,
  /** The CA did not revoke, so that the contract stays. */
  ERR_CCP_REVOCATION_FAILED: 502,
  /** No CA of that name, kind, edition and algorithm. */
  ERR_EST_UNKNOWN_CA: 404,
  ERR_EST_REQUEST: 400,
  ERR_EST_COMMON_NAME: 400,
  ERR_EST_NOT_REGISTERED: 403,
  ERR_EST_CLIENT_CERTIFICATE: 401,
  /** A renewal for another name than that of the client certificate. */
  ERR_EST_OTHER_NAME: 403,
  /** A contract that the CPS has made: its vehicle cannot prolong it. */
  ERR_EST_NOT_RENEWABLE: 403,
  /** None that this service has issued. */
  ERR_EST_CERTIFICATE_UNKNOWN: 404,
  /** The two of OCSP go out as its own errors. */
  ERR_EST_OCSP_REQUEST: 400,
  ERR_EST_OCSP_ISSUER: 403,
  /** More signatures were asked of a CA than it gives in a minute, in all or to one source. */
  ERR_EST_SIGNATURE_RATE: 429,
  /** The key of the CA does not sign: an HSM that is busy or gone. */
  ERR_EST_KEY_FAILED: 503,
  /** None of this participant's. */
  ERR_WEBHOOK_NOT_FOUND: 404,
  ERR_WEBHOOK_TOO_MANY: 400,
  /** Somebody else changes the same at the same time. */
  ERR_WEBHOOK_CHANGED: 409,
  /** Nobody says whether a certificate is revoked, and the config wants it known. */
  ERR_POOL_STATUS_UNKNOWN: 502,
  /** The database does not answer; asking again later can help. */
  ERR_POOL_UNAVAILABLE: 503,
  /** This central is not set up for the operation. */
  ERR_POOL_NOT_CONFIGURED: 503,
} as const

/** What is over by itself: after how many seconds it is worth asking again, as Retry-After says it. */
export const RETRY_AFTER_SECONDS: Readonly<Partial<Record<PoolErrorCode, number>>> = {
  ERR_CPS_KEY_FAILED: 10,
  ERR_EST_KEY_FAILED: 10,
  ERR_POOL_UNAVAILABLE: 5,
}

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
