import type { TSchema } from 'typebox'

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

/** What the OpenAPI document tells of a route. Answers that refuse are the same for all, and so not told here. */
export interface RouteDescription {
  readonly summary: string
  readonly deprecated?: true
  /** Request headers by name; all are optional. */
  readonly headers?: Readonly<Record<string, TSchema>>
  /** Members of the query by name; all are optional. */
  readonly query?: Readonly<Record<string, TSchema>>
  readonly request?: TSchema
  /** The media types of the request; absent: JSON. */
  readonly requestTypes?: readonly string[]
  /** Bodies by status, those of refusals only where they are not `ErrorBody`. */
  readonly answers: Readonly<Record<number, TSchema>>
  /** The media type of these bodies; absent: JSON. */
  readonly answerType?: string
  /** Permission that the token must hold; absent: no token is needed. */
  readonly scope?: string
  /** A token that lacks `scope` may call when it has one of these. */
  readonly otherScopes?: readonly Scope[]
  /** A role that is absent is refused with 403. */
  readonly roles?: Readonly<Partial<Record<Role, Reach>>>
  /** The caller shows itself by the certificate of its TLS connection instead of a token. */
  readonly clientCertificate?: true
}

export interface Operation extends RouteDescription {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE'
  /** With parameters written `:name`. */
  readonly path: string
  /** Other spellings of the path, served alike. */
  readonly aliases?: readonly string[]
  readonly scope: string
  readonly roles: Readonly<Partial<Record<Role, Reach>>>
}

export const EVERYONE = {
  ADMIN: 'any',
  OEM: 'any',
  CPO: 'any',
  MO_HUBJECT_PKI: 'any',
  MO_EXTERNAL_PKI: 'any',
  CPS: 'any',
} as const
