import { Type, type Static } from 'typebox'

import { ISO20_NAMESPACE, ISO2_NAMESPACE } from './namespaces.ts'

export const ROOT_EVENTS = ['root.cert.added', 'root.cert.expired', 'root.cert.revoked'] as const

export const MO_EVENTS = [
  'mo.prov.cert.updated',
  'mo.prov.cert.deleted',
  'mo.prov.cert.factory.reset',
  'mo.contract.delivered.to.oem',
  'mo.contract.created.sent.to.oem',
  'mo.contract.updated.sent.to.oem',
  'mo.contract.deleted.sent.to.oem',
  'mo.contract.rejected.by.oem',
  'mo.contract.queued.to.oem',
] as const

export const OEM_EVENTS = ['oem.contract.created', 'oem.contract.updated', 'oem.contract.deleted'] as const

/** A subscription may still name it; what is sent is `mo.prov.cert.factory.reset`. */
export const FACTORY_RESET_FORMER_NAME = 'mo.prov.cert.updated.factory.reset'

export type RootEventType = (typeof ROOT_EVENTS)[number]
export type ContractEventType = (typeof MO_EVENTS)[number] | (typeof OEM_EVENTS)[number]
export type EventType = RootEventType | ContractEventType

const Namespace = Type.Enum([ISO2_NAMESPACE, ISO20_NAMESPACE])
const Algorithm = Type.Enum(['secp256r1', 'secp521r1', 'ed448'])

const HEAD = {
  /** RFC 3339 UTC, whole seconds. */
  timestamp: Type.String({ format: 'date-time' }),
  /** The same in every attempt to deliver the event. */
  eventId: Type.String({ format: 'uuid' }),
}

/** What happened to a contract or to the certificate of its vehicle. */
export const ContractEvent = Type.Object(
  {
    ...HEAD,
    eventType: Type.Enum([...MO_EVENTS, ...OEM_EVENTS]),
    xsdMsgDefNamespace: Namespace,
    payload: Type.Object({
      emaid: Type.String(),
      pcid: Type.String(),
      /** Base64 of DER. */
      contractCert: Type.Optional(Type.String()),
      /** SHA-256 in lower-case hex. */
      cpsSignerRootFingerprint: Type.Optional(Type.String()),
      cpsSignerRootCommonName: Type.Optional(Type.String()),
      signatureAlgorithm: Type.Optional(Algorithm),
      /** With a deleted contract: it was the default one, and no other has taken its place. */
      defaultContract: Type.Optional(Type.Boolean()),
    }),
  },
  { title: 'ContractEvent' },
)
export type ContractEvent = Static<typeof ContractEvent>

/** What happened to a root certificate. */
export const RootEvent = Type.Object(
  {
    ...HEAD,
    eventType: Type.Enum(ROOT_EVENTS),
    xsdMsgDefNamespace: Namespace,
    payload: Type.Object({
      rootCertificateId: Type.String({ format: 'uuid' }),
      distinguishedName: Type.String(),
      commonName: Type.String(),
      rootType: Type.Enum(['MO', 'V2G', 'OEM', 'PE']),
      /** Lower-case hex. */
      rootSerialNumber: Type.Optional(Type.String()),
      signatureAlgorithm: Type.Optional(Algorithm),
      /** Lower-case hex. */
      fingerprintSHA256: Type.Optional(Type.String()),
    }),
  },
  { title: 'RootEvent' },
)
export type RootEvent = Static<typeof RootEvent>
