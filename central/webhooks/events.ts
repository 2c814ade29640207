/** What endpoints are told, as finished bytes: they are signed, sent and sent again as they are made here. */
import { base64FromBytes, type Clock, type RandomBytes } from '#base'
import type { Emaid } from '#iso15118'
import {
  ISO20_NAMESPACE,
  ISO2_NAMESPACE,
  type ContractEvent,
  type ContractEventType,
  type EventType,
  type MessageNamespace,
  type RootEvent,
  type RootEventType,
} from '#opcp'
import type { CertificateAlgorithm } from '#pki'

import { uuidOf } from '../http/uuid.ts'
import type { Root } from '../rcp/root-pool.ts'
import { timestamp } from '../wire-text.ts'

/** Whom an event concerns; of those, the ones that subscribed to its type hear of it. */
type Audience =
  /** The OEM of this world manufacturer identifier. */
  | { readonly kind: 'oem'; readonly wmi: string }
  /** The MO of this provider id. `wmi` is that of the vehicle, which an endpoint may be limited to. */
  | { readonly kind: 'mo'; readonly providerId: string; readonly wmi: string }
  | { readonly kind: 'everyone' }
  | { readonly kind: 'members'; readonly participantIds: readonly string[] }

/** Published once per endpoint, however often it is handed over. */
export interface WebhookEvent {
  /** UUID; the same for all endpoints and all attempts. */
  readonly eventId: string
  readonly type: EventType
  readonly audience: Audience
  /** Of the contract, so that what is kept about a person can be found; absent for roots. */
  readonly subject: { readonly emaidKey: string; readonly pcidKey: string } | undefined
  readonly occurredAtMs: number
  /** JSON in UTF-8. */
  readonly body: Uint8Array
}

/** A contract as its parties are told of it. */
export interface EventContract {
  readonly emaid: Pick<Emaid, 'asIssued' | 'key'>
  /** As stored. */
  readonly pcid: string
  readonly namespace: MessageNamespace
  /** DER. */
  readonly contractCertificate?: Uint8Array | undefined
  readonly cpsSignerRoot?: { readonly fingerprint: string; readonly commonName: string } | undefined
  readonly signatureAlgorithm?: ContractEvent['payload']['signatureAlgorithm']
  /** With a deleted contract: it was the default one, and no other has taken its place. */
  readonly defaultContract?: true | undefined
}

type About<E extends ContractEvent | RootEvent> = Pick<E, 'xsdMsgDefNamespace' | 'payload'>

export interface EventPorts {
  readonly clock: Clock
  readonly random: RandomBytes
}

/** `mo.…` goes to the MO of the EMAID, `oem.…` to the OEM of the PCID. */
export function contractEvent(
  type: ContractEventType,
  contract: EventContract,
  ports: EventPorts,
): WebhookEvent {
  const { contractCertificate, cpsSignerRoot, signatureAlgorithm, defaultContract } = contract
  return eventAbout(
    type,
    {
      xsdMsgDefNamespace: contract.namespace,
      payload: {
        emaid: contract.emaid.asIssued,
        pcid: contract.pcid,
        ...(contractCertificate !== undefined && { contractCert: base64FromBytes(contractCertificate) }),
        ...(cpsSignerRoot !== undefined && {
          cpsSignerRootFingerprint: cpsSignerRoot.fingerprint,
          cpsSignerRootCommonName: cpsSignerRoot.commonName,
        }),
        ...(signatureAlgorithm !== undefined && { signatureAlgorithm }),
        ...(defaultContract === true && { defaultContract }),
      },
    },
    ports,
  )
}

/** An event about a contract whose payload is at hand, say that of an earlier one. */
export function eventAbout(
  type: ContractEventType,
  { xsdMsgDefNamespace, payload }: About<ContractEvent>,
  ports: EventPorts,
): WebhookEvent {
  const emaidKey = payload.emaid.toUpperCase()
  const pcidKey = payload.pcid.toUpperCase()
  const wmi = pcidKey.slice(0, 3)
  const audience: Audience = type.startsWith('oem.')
    ? { kind: 'oem', wmi }
    : { kind: 'mo', providerId: emaidKey.slice(0, 5), wmi }
  const subject = { emaidKey, pcidKey }
  return finished({ type, audience, subject }, { xsdMsgDefNamespace, payload }, ports)
}

/** ISO 15118-2 knows the first alone, ISO 15118-20 the others. */
const SIGNATURE_ALGORITHM: Readonly<
  Partial<Record<CertificateAlgorithm, NonNullable<RootEvent['payload']['signatureAlgorithm']>>>
> = {
  'ecdsa-p256-sha256': 'secp256r1',
  'ecdsa-p521-sha512': 'secp521r1',
  ed448: 'ed448',
}

/** Goes to everyone; about a root of a private environment to `members` alone, by their participant ids. */
export function rootEvent(
  type: RootEventType,
  root: Root,
  ports: EventPorts,
  members?: readonly string[],
): WebhookEvent {
  const { id, rootType, certificate } = root
  const { publicKeyAlgorithm } = certificate
  const signatureAlgorithm = publicKeyAlgorithm && SIGNATURE_ALGORITHM[publicKeyAlgorithm]
  const about: About<RootEvent> = {
    xsdMsgDefNamespace: signatureAlgorithm === 'secp256r1' ? ISO2_NAMESPACE : ISO20_NAMESPACE,
    payload: {
      rootCertificateId: id,
      distinguishedName: certificate.distinguishedName,
      commonName: certificate.commonName ?? '',
      rootType,
      rootSerialNumber: certificate.serialNumberHex,
      ...(signatureAlgorithm !== undefined && { signatureAlgorithm }),
      fingerprintSHA256: certificate.fingerprintSha256Hex,
    },
  }
  const audience: Audience =
    members === undefined ? { kind: 'everyone' } : { kind: 'members', participantIds: members }
  return finished({ type, audience, subject: undefined }, about, ports)
}

function finished(
  what: Pick<WebhookEvent, 'type' | 'audience' | 'subject'>,
  about: About<ContractEvent> | About<RootEvent>,
  { clock, random }: EventPorts,
): WebhookEvent {
  const eventId = uuidOf(random)
  const occurredAtMs = clock()
  const body = { timestamp: timestamp(occurredAtMs), eventId, eventType: what.type, ...about }
  return { ...what, eventId, occurredAtMs, body: new TextEncoder().encode(JSON.stringify(body)) }
}
