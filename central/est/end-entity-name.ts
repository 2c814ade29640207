import { codeOf } from '#base'
/** The common names of end entities: what they must look like for each CA, and whose they are. */
import { parseEmaid, parsePcid, type IdentifierRules } from '#iso15118'
import type { CaKind } from '#opcp'

import { requireOwnOperator, requireOwnProvider, requireOwnWmi, type Caller } from '../http/caller.ts'
import { PoolError } from '../pool-error.ts'

/** ub-common-name of RFC 5280. */
const COMMON_NAME_LENGTH_MAX = 64

/**
 * ISO 15118-2 Annex H.2.1, with separators or without. The published expression ends after 30 characters, that of the
 * live service later.
 */
const EVSEID = /^[A-Za-z]{2}\*?[A-Za-z0-9]{3}\*?E[A-Za-z0-9_*]{1,59}$/
/** ISO 15118-20: the check digit is the last character. */
const SECCID = /^[A-Za-z]{2}[-*]?[A-Za-z0-9]{3}[-*]?S[-*]?[A-Za-z0-9]{1,54}[-*]?[A-Za-z0-9]$/

/** A name that fits its CA. */
export interface EndEntityName {
  /** As it goes into the certificate: as requested, an EMAID without hyphens. */
  readonly commonName: string
  /** Upper case without separators: two with the same key are the same entity. */
  readonly key: string
  /** Operator, provider or WMI, in upper case; of a signing service, whose name says nothing about its owner, empty. */
  readonly ownerId: string
  /** @throws {PoolError} ERR_POOL_NOT_OWNER */
  readonly requireOwner: (caller: Caller) => void
}

/** @throws {PoolError} ERR_EST_COMMON_NAME */
export function readEndEntityName(
  kind: CaKind,
  commonName: string | undefined,
  rules: IdentifierRules,
): EndEntityName {
  if (commonName === undefined || commonName.length === 0 || commonName.length > COMMON_NAME_LENGTH_MAX)
    throw refused('must have 1 to 64 characters')
  const owner = ownerOf(kind, commonName, rules)
  const plain = commonName.replace(/[-*]/g, '')
  return {
    // Vehicles and charge points expect 14 or 15 characters in contract certificates.
    commonName: kind === 'mo' ? plain : commonName,
    key: plain.toUpperCase(),
    ...owner,
  }
}

/** The operator's five characters. @throws {PoolError} ERR_EST_COMMON_NAME when it is neither EVSEID nor SECCID */
export function readOperatorId(text: string): string {
  if (text.length > COMMON_NAME_LENGTH_MAX || !(EVSEID.test(text) || SECCID.test(text)))
    throw refused('must be an EVSEID or a SECCID')
  return text.replace(/[-*]/g, '').slice(0, 5).toUpperCase()
}

function ownerOf(
  kind: CaKind,
  commonName: string,
  rules: IdentifierRules,
): Pick<EndEntityName, 'ownerId' | 'requireOwner'> {
  switch (kind) {
    case 'cpo': {
      const operatorId = readOperatorId(commonName)
      return { ownerId: operatorId, requireOwner: (caller) => requireOwnOperator(caller, { operatorId }) }
    }
    case 'mo': {
      const emaid = identifier('ERR_IDENTIFIER_EMAID', 'must be an EMAID', () =>
        parseEmaid(commonName, rules),
      )
      return { ownerId: emaid.providerId, requireOwner: (caller) => requireOwnProvider(caller, emaid) }
    }
    case 'oem':
    case 'veh': {
      const pcid = identifier('ERR_IDENTIFIER_PCID', 'must be a PCID', () => parsePcid(commonName, rules))
      return { ownerId: pcid.wmi, requireOwner: (caller) => requireOwnWmi(caller, pcid) }
    }
    case 'cps':
      return { ownerId: '', requireOwner: () => undefined }
  }
}

function identifier<T>(code: string, complaint: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (codeOf(error) === code) throw refused(complaint)
    throw error
  }
}

function refused(complaint: string): PoolError {
  return new PoolError('ERR_EST_COMMON_NAME', `commonName : ${complaint}`)
}
