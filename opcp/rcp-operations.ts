import { Type } from 'typebox'

import { CtlResponse } from './ctl-bodies.ts'
import { EmptyBody } from './empty-body.ts'
import { ErrorBody } from './error-body.ts'
import { EVERYONE, SCOPES, type Operation } from './operation.ts'
import { ifNoneMatchHeader } from './parameters.ts'
import { RootCertCollection, RootCertResponse, RootCertUpload } from './rcp-bodies.ts'

const ROOT_PATH = '/v1/root/rootCerts/:rootCertificateId'

/** Root certificate pool. */
export const RCP_OPERATIONS = {
  getRootCerts: {
    method: 'GET',
    path: '/v1/root/rootCerts',
    scope: SCOPES.rcp,
    roles: EVERYONE,
    summary: 'All root certificates, or those of one type.',
    headers: { 'If-None-Match': ifNoneMatchHeader },
    query: { rootType: Type.String({ description: 'mo, v2g, oem or pe, in any case.', examples: ['v2g'] }) },
    answers: { 200: RootCertCollection },
  },
  getRootCert: {
    method: 'GET',
    path: ROOT_PATH,
    scope: SCOPES.rcp,
    roles: EVERYONE,
    summary: 'One root certificate.',
    answers: { 200: RootCertResponse },
  },
  putRootCert: {
    method: 'PUT',
    path: '/v1/root/rootCerts',
    scope: SCOPES.rcp,
    roles: { ADMIN: 'any' },
    summary:
      'Adds a root certificate, at once or when a second administrator has approved it; the same one again changes nothing.',
    request: RootCertUpload,
    answers: { 200: RootCertResponse },
  },
  deleteRootCert: {
    method: 'DELETE',
    path: ROOT_PATH,
    scope: SCOPES.rcp,
    roles: { ADMIN: 'any' },
    summary: 'Removes a root certificate. What was stored below it stays, but nothing new is accepted.',
    answers: { 200: EmptyBody },
  },
  getCtl: {
    method: 'GET',
    path: '/v1/root/ctl',
    scope: SCOPES.rcp,
    roles: EVERYONE,
    summary: 'The signed list of trusted roots.',
    query: {
      sequence: Type.Integer({ minimum: 1, description: 'An earlier list by its number.' }),
    },
    answers: { 200: CtlResponse, 404: ErrorBody },
  },
} as const satisfies Record<string, Operation>
