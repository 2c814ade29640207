import { EmptyBody, RootCertResponse, type Operation } from '#opcp'

import { ADMINISTRATION } from '../registry/client.ts'
import { PendingRootsAnswer, RootApprovalRequest } from './root-bodies.ts'

const ADMINISTRATORS = { scope: ADMINISTRATION, roles: { ADMIN: 'any' } } as const

/** Where a root needs a second administrator. */
export const ROOT_OPERATIONS = {
  getPendingRoots: {
    method: 'GET',
    path: '/admin/v1/roots/pending',
    summary: 'Roots that wait for the approval of another administrator.',
    answers: { 200: PendingRootsAnswer },
    ...ADMINISTRATORS,
  },
  approveRoot: {
    method: 'POST',
    path: '/admin/v1/roots/:id/approval',
    summary: 'Approves a root that another person has proposed: it counts from then on.',
    request: RootApprovalRequest,
    answers: { 200: RootCertResponse },
    ...ADMINISTRATORS,
  },
  withdrawRoot: {
    method: 'DELETE',
    path: '/admin/v1/roots/:id',
    summary: 'Takes back a root that waits for its approval.',
    answers: { 200: EmptyBody },
    ...ADMINISTRATORS,
  },
} as const satisfies Record<string, Operation>
