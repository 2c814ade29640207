import { Type } from 'typebox'

import {
  AddContractDataRequest,
  InstallationRequest,
  InstallationResponse,
  LookupContractResponse,
  ProvideContractDataResponse,
} from './ccp-bodies.ts'
import { EmptyBody } from './empty-body.ts'
import { ErrorBody } from './error-body.ts'
import { SCOPES, type Operation } from './operation.ts'
import { broadcastHeader, namespaceParameter, rootFingerprintParameter } from './parameters.ts'

const POOL_PATH = '/v1/ccp/signedContractData'
const WHICH_BUNDLE = {
  xsdMsgDefNamespace: namespaceParameter,
  cpsV2GRootCertificateFingerprint: rootFingerprintParameter,
}

/** Contract certificate pool. */
export const CCP_OPERATIONS = {
  getSignedContractData: {
    method: 'POST',
    path: POOL_PATH,
    scope: SCOPES.ccp,
    roles: { CPO: 'any', OEM: 'own' },
    summary: 'Answers a CertificateInstallationReq of a vehicle.',
    headers: {
      alwaysReturnEXI: Type.Boolean({
        default: true,
        description: 'false: a refusal is an error body instead of a CertificateInstallationRes.',
      }),
      broadcast: broadcastHeader,
    },
    request: InstallationRequest,
    answers: { 200: InstallationResponse, 404: Type.Union([InstallationResponse, ErrorBody]) },
  },
  addSignedContractData: {
    method: 'PUT',
    path: POOL_PATH,
    scope: SCOPES.ccp,
    roles: { CPS: 'any', MO_EXTERNAL_PKI: 'own' },
    summary: 'Stores signed contract data, or replaces that of the same contract.',
    request: AddContractDataRequest,
    answers: { 201: EmptyBody },
  },
  deleteSignedContractData: {
    method: 'DELETE',
    path: `${POOL_PATH}/:emaid`,
    scope: SCOPES.ccp,
    roles: { MO_HUBJECT_PKI: 'own', MO_EXTERNAL_PKI: 'own' },
    summary: "Deletes a contract; its certificate is revoked when the operator's CA has issued it.",
    headers: {
      'X-Skip-Revocation': Type.Boolean({ default: false, description: 'true: without the revocation.' }),
    },
    query: WHICH_BUNDLE,
    answers: { 200: EmptyBody },
  },
  lookupContract: {
    method: 'GET',
    path: '/v1/ccp/lookupContract/:emaid',
    scope: SCOPES.ccp,
    roles: { MO_HUBJECT_PKI: 'own', MO_EXTERNAL_PKI: 'own', OEM: 'own' },
    summary: 'What is stored for a contract. An OEM sees its own vehicles.',
    query: WHICH_BUNDLE,
    answers: { 200: LookupContractResponse },
  },
  getContracts: {
    method: 'GET',
    path: `${POOL_PATH}/:pcid`,
    scope: SCOPES.ccp,
    roles: { OEM: 'own' },
    summary: 'The contracts of a vehicle; none is an empty list.',
    query: WHICH_BUNDLE,
    answers: { 200: LookupContractResponse },
  },
  provideSignedContractData: {
    method: 'GET',
    path: '/v1/ccp/provideSignedContractData/:emaid/:pcid',
    scope: SCOPES.ccp,
    roles: { OEM: 'own' },
    summary: 'A CertificateInstallationRes for a vehicle without a request of it.',
    query: {
      sessionID: Type.String({
        default: '00',
        maxLength: 16,
        description: 'Of the V2G session, up to 8 bytes in hexadecimal digits.',
      }),
      ...WHICH_BUNDLE,
    },
    answers: { 200: ProvideContractDataResponse },
  },
  setDefaultContract: {
    method: 'POST',
    path: `${POOL_PATH}/:pcid/:emaid/default`,
    scope: SCOPES.ccp,
    roles: { OEM: 'own' },
    summary: 'Makes a contract the one that the vehicle gets.',
    query: { xsdMsgDefNamespace: namespaceParameter },
    answers: { 200: EmptyBody },
  },
} as const satisfies Record<string, Operation>
