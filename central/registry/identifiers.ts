/** What a participant speaks for: each kind with its members of a participant, and how one is written. */
export const IDENTIFIER_KINDS = {
  wmi: { member: 'wmis', pattern: '^[A-Za-z0-9]{3}$', text: 'WMI' },
  provider: { member: 'providerIds', pattern: '^[A-Za-z]{2}[A-Za-z0-9]{3}$', text: 'provider id' },
  operator: { member: 'operatorIds', pattern: '^[A-Za-z]{2}[A-Za-z0-9]{3}$', text: 'operator id' },
} as const

export type IdentifierKind = keyof typeof IDENTIFIER_KINDS

/** In upper case, without doubles. */
export interface Identifiers {
  /** World manufacturer identifiers: the first three characters of an OEM's PCIDs. */
  readonly wmis: readonly string[]
  /** Country and provider: the first five characters of an MO's EMAIDs. */
  readonly providerIds: readonly string[]
  /** Country and operator: the first five characters of a CPO's EVSEIDs. */
  readonly operatorIds: readonly string[]
}

export interface Identifier {
  readonly kind: IdentifierKind
  readonly value: string
}

export const KINDS: readonly IdentifierKind[] = ['wmi', 'provider', 'operator']

export const NO_IDENTIFIERS: Identifiers = { wmis: [], providerIds: [], operatorIds: [] }

/** Upper case, each once, in their order: what is compared and stored. */
export function canonicalIdentifiers(identifiers: Partial<Identifiers>): Identifiers {
  return mapMembers((member) => [...new Set((identifiers[member] ?? []).map((value) => value.toUpperCase()))])
}

export function identifierList(identifiers: Identifiers): readonly Identifier[] {
  return KINDS.flatMap((kind) => identifiers[IDENTIFIER_KINDS[kind].member].map((value) => ({ kind, value })))
}

export function identifiersOf(list: readonly Identifier[]): Identifiers {
  const of = (wanted: IdentifierKind): readonly string[] =>
    list.filter(({ kind }) => kind === wanted).map(({ value }) => value)
  return { wmis: of('wmi'), providerIds: of('provider'), operatorIds: of('operator') }
}

export function union(left: Identifiers, right: Identifiers): Identifiers {
  return canonicalIdentifiers(mapMembers((member) => [...left[member], ...right[member]]))
}

/** What of `left` is in `right` too. */
export function intersection(left: Identifiers, right: Identifiers): Identifiers {
  return mapMembers((member) => left[member].filter((value) => right[member].includes(value)))
}

/** What of `left` is not in `right`. */
export function difference(left: Identifiers, right: Identifiers): Identifiers {
  return mapMembers((member) => left[member].filter((value) => !right[member].includes(value)))
}

export function identifierText({ kind, value }: Identifier): string {
  return `${IDENTIFIER_KINDS[kind].text} ${value}`
}

function mapMembers(values: (member: keyof Identifiers) => readonly string[]): Identifiers {
  return {
    wmis: values('wmis'),
    providerIds: values('providerIds'),
    operatorIds: values('operatorIds'),
  }
}
