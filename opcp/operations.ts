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
  getCpsSigners: { method: 'GET', path: '/v1/cps/signer', scope: SCOPES.cps, roles: EVERYONE },
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
  putEndEntity: {
    method: 'PUT',
    path: '/v1/vra/cpo/endEntities',
    scope: SCOPES.pki,
    roles: { CPO: 'own' },
  },
  getEndEntities: {
    method: 'GET',
    path: '/v1/vra/cpo/endEntities',
    scope: SCOPES.pki,
    roles: { CPO: 'own' },
  },
  revokeCertificate: {
    method: 'POST',
    path: '/v1/pki/revokeCertificate',
    scope: SCOPES.pki,
    roles: { ADMIN: 'any', CPO: 'own', MO_HUBJECT_PKI: 'own', OEM: 'own', CPS: 'own' },
  },
} as const satisfies Record<string, Operation>

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
