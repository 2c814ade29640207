import { Type, type Static } from 'typebox'

const Text = Type.String({ maxLength: 256 })

/** Who may enrol, as its owner registers it; all but the name are about stations. The misspelt member is the live service's. */
export const EndEntity = Type.Object(
  {
    /** The CN of the certificate: EVSEID or SECCID of a station, PCID of a vehicle, EMAID of a contract. */
    commonName: Type.String({ minLength: 1, maxLength: 64 }),
    evseID: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 64 })),
    manufacture: Type.Optional(Text),
    deviceName: Type.Optional(Text),
    deviceSWVersion: Type.Optional(Text),
    evseSerialNumber: Type.Optional(Text),
    evseISOversion: Type.Optional(Type.Enum(['15118-2', '15118-20'])),
    ocppVersion: Type.Optional(Text),
    chargeBoxSerialNumber: Type.Optional(Text),
  },
  { title: 'EndEntity' },
)
export type EndEntity = Static<typeof EndEntity>

export const EndEntities = Type.Object({ endEntities: Type.Array(EndEntity) }, { title: 'EndEntities' })

/** OPNC's body, as OPCP has none. */
export const RevokeCertificateRequest = Type.Object(
  {
    /** Base64 of DER, or PEM. */
    certificate: Type.String(),
    /** CRLReason of RFC 5280 §5.3.1, those an end entity's operator can know. */
    revocationReason: Type.Enum([
      'unspecified',
      'keyCompromise',
      'affiliationChanged',
      'superseded',
      'cessationOfOperation',
      'privilegeWithdrawn',
      'aACompromise',
    ]),
  },
  { title: 'RevokeCertificateRequest' },
)
export type RevokeCertificateRequest = Static<typeof RevokeCertificateRequest>
