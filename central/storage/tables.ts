import type { GeneratedAlways } from 'kysely'

/** The rows of the database. Column types of both engines: TEXT, INTEGER (64 bit), BLOB. No column holds a private key. */
export interface Tables {
  root: RootRow
  root_tombstone: RootTombstoneRow
  pending_root: PendingRootRow
  trust_list: TrustListRow
  provisioning_certificate: ProvisioningCertificateRow
  provisioning_tombstone: ProvisioningTombstoneRow
  pairing: PairingRow
  contract_bundle: ContractBundleRow
  default_contract: DefaultContractRow
  contract_tombstone: ContractTombstoneRow
  contract_delivery: ContractDeliveryRow
  issued_certificate: IssuedCertificateRow
  crl_number: CrlNumberRow
  end_entity: EndEntityRow
  participant: ParticipantRow
  participant_identifier: ParticipantIdentifierRow
  client: ClientRow
  idempotency_key: IdempotencyKeyRow
  webhook_endpoint: WebhookEndpointRow
  webhook_subscription: WebhookSubscriptionRow
  webhook_event: WebhookEventRow
  webhook_attempt: WebhookAttemptRow
  audit_record: AuditRecordRow
  audit_head: AuditHeadRow
  audit_salt: AuditSaltRow
}

export interface RootRow {
  id: string
  fingerprint: string
  root_type: string
  certificate: Uint8Array
  added_at_ms: number
}

/** A root that was removed. */
interface RootTombstoneRow extends RootRow {
  state: 'EXPIRED' | 'REVOKED'
  removed_at_ms: number
}

/** A root that nobody has approved yet. */
export interface PendingRootRow {
  id: string
  fingerprint: string
  root_type: string
  certificate: Uint8Array
  proposed_by_client: string
  proposed_by_person: string
  proposed_at_ms: number
}

export interface TrustListRow {
  sequence: number
  list: string
  hash: string
  signer_certificate: Uint8Array
  published_at_ms: number
  next_update_ms: number
}

export interface ProvisioningCertificateRow {
  pcid_key: string
  namespace: string
  signature_algorithm: string
  pcid: string
  vehicle_certificate: Uint8Array
  sub_ca1_certificate: Uint8Array
  sub_ca2_certificate: Uint8Array | null
  public_key_sha256: string
  /** Lower-case hex, separated by spaces. */
  v2g_root_key_ids: string
  previous_pcid: string | null
  stored_at_ms: number
}

/** A provisioning certificate that was removed; its chain is kept for a while. */
export interface ProvisioningTombstoneRow {
  certificate_sha256: string
  /** Of the PCID in upper case. */
  pcid_sha256: string
  removed_at_ms: number
  vehicle_certificate: Uint8Array | null
  sub_ca1_certificate: Uint8Array | null
  sub_ca2_certificate: Uint8Array | null
}

/** An EMAID belongs to exactly one vehicle for as long as a bundle of it exists. */
interface PairingRow {
  emaid_key: string
  pcid_key: string
}

interface ContractBundleRow {
  emaid_key: string
  namespace: string
  root_fingerprint: string
  contract_root_fingerprint: string
  emaid: string
  pcid_key: string
  /** Of the provisioning key the contract key is encrypted for. */
  public_key_sha256: string
  valid_from_ms: number
  valid_to_ms: number
  meta_data: string | null
  stored_at_ms: number
  contract_certificate: Uint8Array
  /** The EXI document with an empty SessionID. */
  response: Uint8Array
  signed_xml: string
}

/** A row is the flag: a vehicle cannot have two defaults. */
interface DefaultContractRow {
  pcid_key: string
  namespace: string
  emaid_key: string
}

/** A contract that was removed. */
interface ContractTombstoneRow {
  certificate_sha256: string
  /** Of the EMAID in upper case. */
  emaid_sha256: string
  /** Lower-case hex without a leading zero byte. */
  serial_number: string
  contract_certificate: Uint8Array
  valid_to_ms: number
  removed_at_ms: number
}

/** Which bundle went out for which request, both as SHA-256. */
interface ContractDeliveryRow {
  bundle_sha256: string
  request_sha256: string
  kind: string
  requester: string
  delivered_at_ms: number
}

export interface IssuedCertificateRow {
  /** SHA-256 of the issuer's SubjectPublicKeyInfo, lower-case hex, as in the other tables. */
  issuer_key_sha256: string
  /** Lower-case hex without a leading zero byte. */
  serial_number: string
  common_name: string
  requester: string
  issued_at_ms: number
  valid_to_ms: number
  certificate: Uint8Array | null
  revoked_at_ms: number | null
  revocation_reason: string | null
}

interface CrlNumberRow {
  issuer_key_sha256: string
  last_number: number
  crl: Uint8Array | null
  signed_number: number | null
  ca_certificate_sha256: string | null
  signed_at_ms: number | null
  next_update_ms: number | null
  revocations: number | null
}

interface EndEntityRow {
  kind: string
  /** Upper case, without separators. */
  common_name_key: string
  operator_id: string
  /** JSON, as it was registered. */
  registration: string
  registered_at_ms: number
}

export interface ParticipantRow {
  participant_id: string
  name: string
  notice_address: string | null
  /** Separated by spaces, as all lists of the registry. */
  roles: string
  parent_id: string | null
  state: string
  source: string
  version: number
  created_at_ms: number
}

export interface ParticipantIdentifierRow {
  kind: string
  value: string
  participant_id: string
  released_at_ms: number | null
}

export interface ClientRow {
  client_id: string
  participant_id: string
  name: string
  person: string | null
  roles: string
  permissions: string
  /** Absent: all of the participant's. */
  wmis: string | null
  provider_ids: string | null
  operator_ids: string | null
  state: string
  /** SHA-256 of 256 random bits, lower-case hex; absent for clients of the config. */
  secret_hash: string | null
  previous_secret_hash: string | null
  previous_secret_until_ms: number | null
  generation: number
  not_before_ms: number | null
  not_after_ms: number | null
  last_used_at_ms: number | null
  source: string
  version: number
  created_at_ms: number
}

/** Without a status: being carried out. */
interface IdempotencyKeyRow {
  client_id: string
  method: string
  path: string
  key: string
  request_hash: string
  claim: string
  claimed_at_ms: number
  expires_at_ms: number
  status: number | null
  body: string | null
}

/** Lists are separated by spaces. */
export interface WebhookEndpointRow {
  id: string
  participant_id: string
  owner_name: string
  roles: string
  wmis: string
  provider_ids: string
  url: string
  enabled_events: string
  description: string | null
  /** JSON. */
  metadata: string
  wmi_filter: string
  status: string
  /** Sealed with a key that is not in the database, as is the one after it. */
  secret: Uint8Array | null
  previous_secret: Uint8Array | null
  previous_secret_until_ms: number | null
  /** In a row, the last of them now. */
  dead_letters: number
  created_at_ms: number
  version: number
}

interface WebhookSubscriptionRow {
  event_type: string
  subject: string
  wmi: string
  endpoint_id: string
}

export interface WebhookEventRow {
  position: GeneratedAlways<number>
  event_id: string
  endpoint_id: string
  event_type: string
  emaid_key: string | null
  pcid_key: string | null
  /** As it is signed and sent. */
  body: Uint8Array | null
  state: string
  attempts: number
  /** Of these, before it was put into the queue again. */
  attempts_before: number
  occurred_at_ms: number
  queued_at_ms: number
  next_at_ms: number
  ended_at_ms: number | null
}

interface WebhookAttemptRow {
  event_id: string
  endpoint_id: string
  number: number
  status: number | null
  error: string | null
  started_at_ms: number
  latency_ms: number
}

interface AuditRecordRow {
  seq: number
  record: string
  prev_hash: string
  hash: string
}

interface AuditHeadRow {
  id: number
  seq: number
  hash: string
  environment: string
}

interface AuditSaltRow {
  object_type: string
  object_id: string
  salt: Uint8Array
}
