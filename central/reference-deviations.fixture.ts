/** Where answers are meant to differ from the published OpenAPI files, each with the number of its reason in the digest. */

export interface Deviation {
  readonly reason: string
  /** `METHOD path` of the files; absent: all. */
  readonly operation?: string
  /** The schema that counts in place of the published one: of this status, or where none is published. */
  readonly status?: number
  readonly covers?: (status: number) => boolean
  readonly schema?: object
  /** Members of schemas that do not count. */
  readonly ignores?: (keyword: string, value: unknown) => boolean
}

const ERROR = {
  type: 'object',
  required: ['errorMessages', 'traceId'],
  properties: {
    errorMessages: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string' } },
    traceId: { type: 'string', format: 'uuid' },
  },
}
const TOKEN_ERROR = {
  type: 'object',
  required: ['error', 'error_description'],
  properties: { error: { type: 'string' }, error_description: { type: 'string' } },
}
const UUID_PATTERN = '^[0-9a-fA-F]{8}\\-([0-9a-fA-F]{4}\\-){3}[0-9a-fA-F]{12}$'
const NAME_PATTERN = '^((CN|OU|O|C|DC|ST)=[^,]+,? ?)+$'
const TOKEN = 'POST /oauth/token'
const INSTALLATION = 'POST /v1/ccp/signedContractData'

/** Paths without or with a version that are one operation (A31). */
export const LEGACY_PATHS: ReadonlyMap<string, string> = new Map([['/v1/cps/signer', '/cps/signer']])

/**
 * Answered by any operation, whatever is listed for it: what the conventions of every endpoint say of conditions, syntax,
 * size, kind and rate of requests, of identifiers of others, and of what is not known (A03, A35).
 */
export const EXTRA_STATUSES: ReadonlySet<number> = new Set([
  304, 400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 502, 503,
])

export const DEVIATIONS: readonly Deviation[] = [
  { reason: 'A05', ignores: (keyword) => keyword === 'minProperties' || keyword === 'maxProperties' },
  { reason: 'A06: counts base64; A39a: excludes hyphens', ignores: (keyword) => keyword === 'maxLength' },
  {
    reason: 'A39: an id where a fingerprint belongs',
    ignores: (keyword, value) => keyword === 'pattern' && value === UUID_PATTERN,
  },
  ...['GET /v1/ccp/lookupContract/{emaid}', 'GET /v1/ccp/signedContractData/{pcid}'].map((operation) => ({
    reason: 'A36: a name where a fingerprint belongs',
    operation,
    ignores: (keyword: string, value: unknown) => keyword === 'pattern' && value === NAME_PATTERN,
  })),
  {
    reason: 'A33: an error body when alwaysReturnEXI is false',
    operation: INSTALLATION,
    status: 404,
    schema: {
      anyOf: [
        ERROR,
        {
          type: 'object',
          required: ['CCPResponse'],
          properties: {
            CCPResponse: {
              type: 'object',
              required: ['emaidContent'],
              properties: { emaidContent: { type: 'array', minItems: 1, uniqueItems: true } },
            },
          },
        },
      ],
    },
  },
  ...[403, 429].map((status) => ({
    reason: 'A03: refusals of the token endpoint are those of OAuth',
    operation: TOKEN,
    status,
    schema: TOKEN_ERROR,
  })),
  { reason: 'A03: every refusal has an error body', covers: (status) => status >= 400, schema: ERROR },
  {
    reason: 'A04: an answer without a schema is an object',
    covers: (status) => status < 300,
    schema: { type: 'object' },
  },
]
