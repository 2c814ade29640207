import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'

import type { Operation } from '#opcp'

import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { ADMINISTRATION } from '../registry/client.ts'
import type { Storage } from '../storage-port.ts'
import { lineOf } from './audit-record.ts'

/** About half a megabyte. */
const PAGE_RECORDS_MAX = 1_000
/** Exact as a number. */
const SEQ = /^[1-9][0-9]{0,14}$/

const Sha256 = Type.String({ description: 'SHA-256, lower-case hex' })
const AuditPage = Type.Object(
  {
    lines: Type.Array(Type.String(), {
      description: `at most ${PAGE_RECORDS_MAX} records; written to a file in a line each they are what \`evouch central audit verify\` reads`,
    }),
    head: Type.Object(
      { seq: Type.Integer({ minimum: 0 }), hash: Sha256 },
      { description: 'the last record of the chain' },
    ),
  },
  { title: 'AuditPage' },
)

const AUDIT_OPERATIONS = {
  getAudit: {
    method: 'GET',
    path: '/admin/v1/audit',
    summary: 'The audit records from a number on, in their order.',
    query: { from: Type.String({ description: 'the number of the first; default: 1' }) },
    answers: { 200: AuditPage },
    scope: ADMINISTRATION,
    roles: { ADMIN: 'any' },
  },
} as const satisfies Record<string, Operation>

export function serveAudit(
  app: FastifyInstance,
  { storage, authentication }: { readonly storage: Storage; readonly authentication: Authentication },
): void {
  serveOperation(app, AUDIT_OPERATIONS.getAudit, {
    authentication,
    handle: async ({ query }) => {
      const from = query('from') ?? '1'
      if (!SEQ.test(from)) throw new PoolError('ERR_POOL_FIELD', 'from : must be the number of a record')
      const { audit } = storage.stores
      const records = await audit.list({ fromSeq: Number(from), limit: PAGE_RECORDS_MAX })
      return { status: 200, body: { lines: records.map(lineOf), head: await audit.head() } }
    },
  })
}
