/** Terms of participants and clients with sensible defaults, for tests. */
import type { ClientTerms } from './clients.ts'
import type { ParticipantTerms } from './participants.ts'

export function participantTerms(over: Partial<ParticipantTerms> = {}): ParticipantTerms {
  return {
    name: 'Example',
    noticeAddress: undefined,
    roles: ['OEM', 'MO_EXTERNAL_PKI'],
    parentId: undefined,
    state: 'ACTIVE',
    wmis: ['ABC'],
    providerIds: ['DEABC'],
    operatorIds: [],
    ...over,
  }
}

export function clientTerms(
  over: Partial<ClientTerms & { participantId: string; clientId: string | undefined }> = {},
): ClientTerms & { participantId: string; clientId: string | undefined } {
  return {
    clientId: 'client',
    participantId: 'example',
    name: 'Example',
    person: undefined,
    roles: ['OEM'],
    permissions: ['pcpservice', 'rcpservice'],
    limitedTo: {},
    notBeforeMs: undefined,
    notAfterMs: undefined,
    ...over,
  }
}
