/** GeneralNames (RFC 5280 section 4.2.1.6) and the constraints on them (section 4.2.1.10). */
import { contextPrimitiveTag, contextTag, type DerElement, DerReader, TAG } from '../der/der-reader.ts'
import { PkiError } from '../errors.ts'
import { DistinguishedName } from './distinguished-name.ts'

/**
 * One name as it stands; nothing says that a text is a host, an address or a URI. Of the last kinds only their
 * presence is kept.
 */
export type GeneralName =
  | {
      readonly kind: 'dNSName' | 'rfc822Name' | 'uniformResourceIdentifier'
      readonly text: string
    }
  | { readonly kind: 'directoryName'; readonly name: DistinguishedName }
  /** Four or sixteen bytes in a certificate, with as many again for the mask in a constraint. */
  | { readonly kind: 'iPAddress'; readonly bytes: Uint8Array }
  | { readonly kind: 'ediPartyName' | 'otherName' | 'registeredID' | 'x400Address' }

/** A constraint with a minimum or maximum is kept as `unsupported`: RFC 5280 knows no use for them. */
export type NameSubtree = GeneralName & { readonly unsupported?: true }

export interface NameConstraints {
  readonly permitted: readonly NameSubtree[]
  readonly excluded: readonly NameSubtree[]
}

const OTHER_KINDS = new Map([
  [contextTag(0), 'otherName'],
  [contextTag(3), 'x400Address'],
  [contextTag(5), 'ediPartyName'],
  [contextPrimitiveTag(8), 'registeredID'],
] as const)
const TEXT_KINDS = new Map([
  [contextPrimitiveTag(1), 'rfc822Name'],
  [contextPrimitiveTag(2), 'dNSName'],
  [contextPrimitiveTag(6), 'uniformResourceIdentifier'],
] as const)
const DIRECTORY_NAME = contextTag(4)
const IP_ADDRESS = contextPrimitiveTag(7)

/** Reads the content of GeneralNames, which holds at least one name. */
export function readGeneralNames(names: DerReader): readonly GeneralName[] {
  const read: GeneralName[] = []
  do read.push(generalNameOf(names.readAny()))
  while (!names.atEnd)
  return read
}

/** Reads the content of NameConstraints. One that constrains nothing is an error, as section 4.2.1.10 has it. */
export function readNameConstraints(constraints: DerReader): NameConstraints {
  const permitted = constraints.readOptional(contextTag(0))
  const excluded = constraints.readOptional(contextTag(1))
  constraints.end()
  if (permitted === undefined && excluded === undefined)
    throw new PkiError('ERR_PKI_CERTIFICATE', 'name constraints that constrain nothing')
  return { permitted: subtreesOf(permitted), excluded: subtreesOf(excluded) }
}

function subtreesOf(element: DerElement | undefined): readonly NameSubtree[] {
  if (element === undefined) return []
  const list = new DerReader(element.content)
  const subtrees: NameSubtree[] = []
  do {
    const subtree = list.enter(TAG.sequence)
    const base = generalNameOf(subtree.readAny())
    subtrees.push(subtree.atEnd ? base : { ...base, unsupported: true })
  } while (!list.atEnd)
  return subtrees
}

function generalNameOf({ tag, content }: DerElement): GeneralName {
  const textKind = TEXT_KINDS.get(tag)
  if (textKind !== undefined) return { kind: textKind, text: Buffer.from(content).toString('latin1') }
  if (tag === DIRECTORY_NAME) return { kind: 'directoryName', name: new DistinguishedName(content) }
  if (tag === IP_ADDRESS) return { kind: 'iPAddress', bytes: content }
  const kind = OTHER_KINDS.get(tag)
  if (kind === undefined) throw new PkiError('ERR_PKI_CERTIFICATE', 'a name of no kind that X.509 knows')
  return { kind }
}
