import type { FastifyInstance } from 'fastify'
import { Compile } from 'typebox/compile'

import { base64FromBytes } from '#base'
import { parseCertificate } from '#pki'

import { readUuid } from '../fields.ts'
import { readBody } from '../http/json-body.ts'
import { serveOperation, type Authentication } from '../http/operation-route.ts'
import type { PendingRoot } from '../rcp/pending-root-store.ts'
import type { RootApproval } from '../rcp/root-approval.ts'
import { rootCertOf } from '../rcp/root-wire.ts'
import { timestamp } from '../wire-text.ts'
import { RootApprovalRequest, type PendingRootBody } from './root-bodies.ts'
import { ROOT_OPERATIONS } from './root-operations.ts'

const approvalRequest = Compile(RootApprovalRequest)

/** The approval of roots. Also where it is not required: proposals may be left from when it was. */
export function serveRootApproval(
  app: FastifyInstance,
  { approval, authentication }: { readonly approval: RootApproval; readonly authentication: Authentication },
): void {
  serveOperation(app, ROOT_OPERATIONS.getPendingRoots, {
    authentication,
    handle: async () => ({ status: 200, body: { roots: (await approval.list()).map(pendingRootBody) } }),
  })
  serveOperation(app, ROOT_OPERATIONS.approveRoot, {
    authentication,
    handle: async ({ actor, body, parameter }) => {
      const { fingerprint } = readBody(body, approvalRequest)
      const hex = fingerprint.replaceAll(':', '').toLowerCase()
      const root = await approval.approve(readUuid(parameter('id'), 'id'), hex, actor)
      return { status: 200, body: { RootResponse: rootCertOf(root) } }
    },
  })
  serveOperation(app, ROOT_OPERATIONS.withdrawRoot, {
    authentication,
    handle: async ({ actor, parameter }) => {
      await approval.withdraw(readUuid(parameter('id'), 'id'), actor)
      return { status: 200, body: {} }
    },
  })
}

function pendingRootBody({ id, rootType, fingerprint, ...root }: PendingRoot): PendingRootBody {
  const { distinguishedName, validFromMs, validToMs } = parseCertificate(root.certificate)
  return {
    id,
    rootType,
    fingerprint,
    caCertificate: base64FromBytes(root.certificate),
    distinguishedName,
    validFrom: timestamp(validFromMs),
    validTo: timestamp(validToMs),
    proposedByClient: root.proposedByClient,
    proposedByPerson: root.proposedByPerson,
    proposedAt: timestamp(root.proposedAtMs),
  }
}
