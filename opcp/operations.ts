/** Permissions of a token, one per pool, spelt as the live service spells them (`cpservice` has one s). */
export const SCOPES = {
  rcp: 'rcpservice',
  pcp: 'pcpservice',
  cps: 'cpservice',
  ccp: 'ccpservice',
  pki: 'pkigateway',
  webhooks: 'webhooks',
} as const

export type Scope = (typeof SCOPES)[keyof typeof SCOPES]

/** Market roles of a token. ADMIN does not imply the others. */
export const ROLES = ['ADMIN', 'OEM', 'CPO', 'MO_HUBJECT_PKI', 'MO_EXTERNAL_PKI', 'CPS'] as const

export type Role = (typeof ROLES)[number]

/** How far a role reaches: every object, or those whose WMI, provider or operator prefix is in its token. */
export type Reach = 'any' | 'own'

export interface Operation {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** With parameters written `:name`. */
  readonly path: string
  readonly scope: Scope
  /** A role that is absent is refused with 403. */
  readonly roles: Readonly<Partial<Record<Role, Reach>>>
}

const EVERYONE = {
  ADMIN: 'any',
  OEM: 'any',
  CPO: 'any',
  MO_HUBJECT_PKI: 'any',
  MO_EXTERNAL_PKI: 'any',
  CPS: 'any',
} as const

/** Token endpoint and its published keys: outside the role matrix, since they come before any token. */
export const TOKEN_PATH = '/oauth/token'
export const JWKS_PATH = '/.well-known/jwks.json'

/** The operations of OPCP 1.0.0 and who may call them: one table for the server that enforces it and the client that calls. */
export const OPERATIONS = {
  getRootCerts: { method: 'GET', path: '/v1/root/rootCerts', scope: SCOPES.rcp, roles: EVERYONE },
  getRootCert: {
    method: 'GET',
    path: '/v1/root/rootCerts/:rootCertificateId',
    scope: SCOPES.rcp,
    roles: EVERYONE,
  },
  putRootCert: { method: 'PUT', path: '/v1/root/rootCerts', scope: SCOPES.rcp, roles: { ADMIN: 'any' } },
  putProvCert: { method: 'PUT', path: '/v1/oem/provCerts', scope: SCOPES.pcp, roles: { OEM: 'own' } },
  getProvCert: {
    method: 'GET',
    path: '/v1/oem/provCerts/:pcid',
    scope: SCOPES.pcp,
    roles: { OEM: 'own', MO_HUBJECT_PKI: 'any', MO_EXTERNAL_PKI: 'any', CPS: 'any' },
  },
  signContractData: {
    method: 'PUT',
    path: '/v1/cps/contractData/signed',
    scope: SCOPES.cps,
    roles: { MO_EXTERNAL_PKI: 'own' },
  },
  generateSignedContractData: {
    method: 'PUT',
    path: '/v1/cps/generate/signedContractData',
    scope: SCOPES.cps,
    roles: { MO_HUBJECT_PKI: 'own' },
  },
  getSignedContractData: {
    method: 'POST',
    path: '/v1/ccp/signedContractData',
    scope: SCOPES.ccp,
    roles: { CPO: 'any', OEM: 'own' },
  },
} as const satisfies Record<string, Operation>
