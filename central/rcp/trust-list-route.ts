import type { FastifyInstance } from 'fastify'

import { base64FromBytes } from '#base'
import { OPERATIONS } from '#opcp'

import { serveOperation, type Authentication } from '../http/operation-route.ts'
import { PoolError } from '../pool-error.ts'
import { timestamp } from '../wire-text.ts'
import { readTrustList, type TrustLists } from './trust-lists.ts'

/** A sequence number is no longer than that. */
const SEQUENCE = /^[1-9]\d{0,9}$/

/** Serves the signed list of roots, and earlier ones by their number. */
export function serveTrustLists(
  app: FastifyInstance,
  { lists, authentication }: { readonly lists: TrustLists; readonly authentication: Authentication },
): void {
  serveOperation(app, OPERATIONS.getCtl, {
    authentication,
    handle: async ({ query }) => {
      const sequence = query('sequence')
      const list =
        sequence === undefined ? await lists.current() : await lists.earlier(readSequence(sequence))
      const body = {
        signerCertificate: base64FromBytes(list.signerCertificate),
        timeStamp: timestamp(list.publishedAtMs),
        CTL: readTrustList(list),
      }
      return { status: 200, body, etag: `"${list.hash}"` }
    },
  })
}

function readSequence(text: string): number {
  if (SEQUENCE.test(text)) return Number(text)
  throw new PoolError('ERR_POOL_FIELD', 'sequence : must be a whole number from 1')
}
