import type { ConfigClient } from './config-clients.ts'
import { canonicalIdentifiers, identifierList, identifierText } from './identifiers.ts'

/** A client of a config file that says whose it is. */
export type ParticipantClient = ConfigClient & { readonly participant: string }

interface Group {
  readonly participant: string
  readonly identifiers: ReadonlySet<string>
  readonly clients: readonly ConfigClient[]
}

/**
 * Says for each client whose it is. Those that name no participant and share an identifier, with each other or with the
 * clients of a participant that is named, are of one company: of the named one, else of the first of them.
 */
export function withParticipants(clients: readonly ConfigClient[]): readonly ParticipantClient[] {
  const named = clients.filter(({ participant }) => participant !== undefined)
  const others = clients.filter(({ participant }) => participant === undefined)
  const groups = [...named, ...others].reduce(joined, [])
  const participants = new Map(
    groups.flatMap(({ participant, clients: members }) =>
      members.map(({ clientId }) => [clientId, participant] as const),
    ),
  )
  return clients.map((client) => ({
    ...client,
    participant: participants.get(client.clientId) ?? client.clientId,
  }))
}

/** The groups with the client in one of them, which those that it connects become one with. */
function joined(groups: readonly Group[], client: ConfigClient): readonly Group[] {
  const participant = client.participant ?? client.clientId
  const identifiers = identifierList(canonicalIdentifiers(client)).map(identifierText)
  const isNamed = ({ clients }: Group): boolean => clients.some((each) => each.participant !== undefined)
  const connected = groups.filter(
    (group) =>
      group.participant === participant ||
      (client.participant === undefined && identifiers.some((each) => group.identifiers.has(each))),
  )
  // Two that are named are two, whoever shares with both: that is refused when the identifiers are assigned.
  const first = connected[0] ?? { participant, identifiers: new Set<string>(), clients: [] }
  const absorbed = new Set(connected.filter((group) => group !== first && !isNamed(group)))
  const members = [first, ...absorbed]
  const one: Group = {
    participant: first.participant,
    identifiers: new Set([...members.flatMap((group) => [...group.identifiers]), ...identifiers]),
    clients: [...members.flatMap((group) => group.clients), client],
  }
  const kept = groups.filter((group) => !absorbed.has(group))
  return kept.includes(first) ? kept.map((group) => (group === first ? one : group)) : [...kept, one]
}
