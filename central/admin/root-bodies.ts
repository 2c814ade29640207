import { Type, type Static } from 'typebox'

export const RootApprovalRequest = Type.Object(
  {
    fingerprint: Type.String({
      pattern: '^[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}$',
      description: 'SHA-256 of the certificate, from another source than this service',
    }),
  },
  { additionalProperties: false, title: 'RootApprovalRequest' },
)

export const PendingRootBody = Type.Object(
  {
    id: Type.String(),
    rootType: Type.String(),
    /** SHA-256 of the DER, lower-case hex. */
    fingerprint: Type.String(),
    /** Base64 of DER. */
    caCertificate: Type.String(),
    distinguishedName: Type.String(),
    validFrom: Type.String(),
    validTo: Type.String(),
    proposedByClient: Type.String(),
    proposedByPerson: Type.String(),
    proposedAt: Type.String(),
  },
  { title: 'PendingRoot' },
)
export type PendingRootBody = Static<typeof PendingRootBody>

export const PendingRootsAnswer = Type.Object({ roots: Type.Array(PendingRootBody) })
