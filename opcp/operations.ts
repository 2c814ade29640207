import { CCP_OPERATIONS } from './ccp-operations.ts'
import { CPS_OPERATIONS } from './cps-operations.ts'
import { SCOPES, type Operation } from './operation.ts'
import { PCP_OPERATIONS } from './pcp-operations.ts'
import { PKI_OPERATIONS } from './pki-operations.ts'
import { RCP_OPERATIONS } from './rcp-operations.ts'
import { WEBHOOK_OPERATIONS } from './webhook-operations.ts'

/**
 * The operations of OPCP 1.0.0 and of its extensions, and who may call them: one table for the server that enforces it,
 * the client that calls, and the OpenAPI document.
 */
export const OPERATIONS = {
  ...RCP_OPERATIONS,
  ...PCP_OPERATIONS,
  ...CPS_OPERATIONS,
  ...CCP_OPERATIONS,
  ...PKI_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
} as const

/** The sub CAs of the V2G PKI that an operator runs, as they are called in the paths of EST. */
export const CA_KINDS = ['cpo', 'mo', 'oem', 'veh', 'cps'] as const

export type CaKind = (typeof CA_KINDS)[number]

/**
 * Who may enrol with which CA and fetch its chain. A mobility operator gets no CPS certificate, other than the printed
 * matrix has it: it could sign contract data for everybody.
 */
export const EST_ACCESS: Readonly<Record<CaKind, Pick<Operation, 'scope' | 'roles'>>> = {
  cpo: { scope: SCOPES.pki, roles: { CPO: 'own' } },
  mo: { scope: SCOPES.pki, roles: { MO_HUBJECT_PKI: 'own' } },
  oem: { scope: SCOPES.pki, roles: { OEM: 'own' } },
  veh: { scope: SCOPES.pki, roles: { OEM: 'own' } },
  cps: { scope: SCOPES.pki, roles: { CPS: 'any' } },
}
