import { EmptyBody } from './empty-body.ts'
import { SCOPES, type Operation } from './operation.ts'
import { EndEntities, EndEntity, RevokeCertificateRequest } from './pki-bodies.ts'

const VEHICLES = { path: '/v1/vra/oem/endEntities', scope: SCOPES.pki, roles: { OEM: 'own' } } as const
const STATIONS = { path: '/v1/vra/cpo/endEntities', scope: SCOPES.pki, roles: { CPO: 'own' } } as const
const CONTRACTS = {
  path: '/v1/vra/mo/endEntities',
  scope: SCOPES.pki,
  roles: { MO_HUBJECT_PKI: 'own' },
} as const

const PUT = { method: 'PUT', request: EndEntity, answers: { 200: EndEntity } } as const
const GET = { method: 'GET', answers: { 200: EndEntities } } as const

/** Registration authority and revocation, which OPCP has no files for. */
export const PKI_OPERATIONS = {
  putVehicleEntity: { ...VEHICLES, ...PUT, summary: 'Registers a vehicle that may then enrol.' },
  getVehicleEntities: { ...VEHICLES, ...GET, summary: 'The vehicles of the caller that are registered.' },
  putEndEntity: { ...STATIONS, ...PUT, summary: 'Registers a station that may then enrol.' },
  getEndEntities: { ...STATIONS, ...GET, summary: 'The stations of the caller that are registered.' },
  putContractEntity: { ...CONTRACTS, ...PUT, summary: 'Registers a contract that may then be enrolled.' },
  getContractEntities: { ...CONTRACTS, ...GET, summary: 'The contracts of the caller that are registered.' },
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
