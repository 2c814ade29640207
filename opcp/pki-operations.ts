import { EmptyBody } from './empty-body.ts'
import { SCOPES, type Operation } from './operation.ts'
import { EndEntities, EndEntity, RevokeCertificateRequest } from './pki-bodies.ts'

const STATIONS_PATH = '/v1/vra/cpo/endEntities'

/** Registration authority and revocation, which OPCP has no files for. */
export const PKI_OPERATIONS = {
  putEndEntity: {
    method: 'PUT',
    path: STATIONS_PATH,
    scope: SCOPES.pki,
    roles: { CPO: 'own' },
    summary: 'Registers a station that may then enrol.',
    request: EndEntity,
    answers: { 200: EndEntity },
  },
  getEndEntities: {
    method: 'GET',
    path: STATIONS_PATH,
    scope: SCOPES.pki,
    roles: { CPO: 'own' },
    summary: 'The stations that the caller has registered.',
    answers: { 200: EndEntities },
  },
  revokeCertificate: {
    method: 'POST',
    path: '/v1/pki/revokeCertificate',
    scope: SCOPES.pki,
    roles: { ADMIN: 'any', CPO: 'own', MO_HUBJECT_PKI: 'own', OEM: 'own', CPS: 'own' },
    summary: 'Revokes a certificate that this service has issued.',
    request: RevokeCertificateRequest,
    answers: { 200: EmptyBody },
  },
} as const satisfies Record<string, Operation>
