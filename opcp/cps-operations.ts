import {
  CpsSignersResponse,
  ForwardContractDataRequest,
  GenerateContractDataRequest,
  SignContractDataRequest,
  SignContractDataResponse,
} from './cps-bodies.ts'
import { EmptyBody } from './empty-body.ts'
import { EVERYONE, SCOPES, type Operation } from './operation.ts'

const EXTERNAL_MO = { MO_EXTERNAL_PKI: 'own' } as const

/** Certificate provisioning service. */
export const CPS_OPERATIONS = {
  getCpsSigners: {
    method: 'GET',
    // The published path has no version, all others have one.
    path: '/v1/cps/signer',
    aliases: ['/cps/signer'],
    scope: SCOPES.cps,
    roles: EVERYONE,
    summary: 'The certificates that contract data is signed with, one per V2G root and edition.',
    answers: { 200: CpsSignersResponse },
  },
  signContractData: {
    method: 'PUT',
    path: '/v1/cps/contractData/signed',
    scope: SCOPES.cps,
    roles: EXTERNAL_MO,
    summary: 'Signs contract data; with a PCID it also enters the CCP.',
    request: SignContractDataRequest,
    answers: { 201: SignContractDataResponse },
  },
  createSignedContractData: {
    method: 'PUT',
    path: '/v1/cps/signedContractData',
    scope: SCOPES.cps,
    roles: EXTERNAL_MO,
    summary: 'Signs contract data and does not store it.',
    deprecated: true,
    request: ForwardContractDataRequest,
    answers: { 200: SignContractDataResponse },
  },
  forwardSignedContractData: {
    method: 'PUT',
    path: '/v1/cps/forward/signedContractData',
    scope: SCOPES.cps,
    roles: EXTERNAL_MO,
    summary: 'Signs contract data and stores it in the CCP.',
    deprecated: true,
    request: ForwardContractDataRequest,
    answers: { 201: EmptyBody },
  },
  generateSignedContractData: {
    method: 'PUT',
    path: '/v1/cps/generate/signedContractData',
    scope: SCOPES.cps,
    roles: { MO_HUBJECT_PKI: 'own' },
    summary: 'Makes key and certificate of a contract, signs the contract data and stores it in the CCP.',
    request: GenerateContractDataRequest,
    answers: { 201: EmptyBody },
  },
} as const satisfies Record<string, Operation>
