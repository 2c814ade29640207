import { EmptyBody } from './empty-body.ts'
import { SCOPES, type Operation } from './operation.ts'
import {
  broadcastHeader,
  ifMatchHeader,
  namespaceParameter,
  signatureAlgorithmParameter,
} from './parameters.ts'
import {
  FactoryResetResponse,
  ProvCert,
  ProvCertResponse,
  ProvCertUpload,
  SignatureAlgorithms,
} from './pcp-bodies.ts'

const READERS = { OEM: 'own', MO_HUBJECT_PKI: 'any', MO_EXTERNAL_PKI: 'any', CPS: 'any' } as const
const VEHICLE_PATH = '/v1/oem/provCerts/:pcid'
const WHICH_CERTIFICATE = {
  signatureAlgorithm: signatureAlgorithmParameter,
  xsdMsgDefNamespace: namespaceParameter,
}

/** Provisioning certificate pool. */
export const PCP_OPERATIONS = {
  putProvCert: {
    method: 'PUT',
    path: '/v1/oem/provCerts',
    scope: SCOPES.pcp,
    roles: { OEM: 'own' },
    summary:
      "Adds or renews a vehicle's provisioning certificate. Another key deletes the vehicle's contracts.",
    headers: { 'If-Match': ifMatchHeader },
    request: ProvCertUpload,
    answers: { 200: ProvCert },
  },
  getProvCert: {
    method: 'GET',
    path: VEHICLE_PATH,
    scope: SCOPES.pcp,
    roles: READERS,
    summary: "A vehicle's provisioning certificate with its chain, from a peer pool when it is not here.",
    headers: { broadcast: broadcastHeader },
    query: WHICH_CERTIFICATE,
    answers: { 200: ProvCertResponse },
  },
  headProvCert: {
    method: 'HEAD',
    path: VEHICLE_PATH,
    scope: SCOPES.pcp,
    roles: READERS,
    summary: 'Whether the vehicle is known, without a body.',
    query: WHICH_CERTIFICATE,
    answers: { 200: EmptyBody },
  },
  lookupVehicle: {
    method: 'GET',
    path: '/v1/oem/provCerts/lookupVehicle/:pcid',
    scope: SCOPES.pcp,
    roles: READERS,
    summary: 'Whether the vehicle is known.',
    headers: { broadcast: broadcastHeader },
    query: WHICH_CERTIFICATE,
    answers: { 200: EmptyBody },
  },
  getSignatureAlgorithms: {
    method: 'GET',
    // As published, missing letter and all; the alias is what it should have been.
    path: '/v1/oem/provCertSigntureAlgorithms/:pcid',
    aliases: ['/v1/oem/provCertSignatureAlgorithms/:pcid'],
    scope: SCOPES.pcp,
    roles: READERS,
    summary: 'Algorithms of the certificates that are stored for the vehicle.',
    answers: { 200: SignatureAlgorithms },
  },
  deleteProvCert: {
    method: 'DELETE',
    path: VEHICLE_PATH,
    scope: SCOPES.pcp,
    roles: { OEM: 'own' },
    summary: 'Deletes a provisioning certificate and with it every contract of the vehicle.',
    headers: { 'If-Match': ifMatchHeader },
    query: WHICH_CERTIFICATE,
    answers: { 200: EmptyBody },
  },
  factoryReset: {
    method: 'POST',
    path: '/v1/oem/provCerts/:pcid/factoryReset',
    scope: SCOPES.pcp,
    roles: { OEM: 'own' },
    summary: 'Deletes every contract of the vehicle; its provisioning certificate stays.',
    answers: { 200: FactoryResetResponse },
  },
} as const satisfies Record<string, Operation>
