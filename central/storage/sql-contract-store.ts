import { sql, type Expression, type ExpressionBuilder, type SqlBool } from 'kysely'

import { equalBytes } from '#base'
import { canonicalNamespace, type MessageNamespace } from '#opcp'

import type {
  ContractDelivery,
  ContractPut,
  ContractSelection,
  ContractStore,
  ContractTombstone,
  DeliverableContract,
  HeldContract,
  StoredContract,
  VehicleContracts,
} from '../ccp/contract-store.ts'
import { lockVehicle, type Database } from './database.ts'
import type { Tables } from './tables.ts'

const DELIVERABLE = [
  'contract_bundle.emaid_key',
  'contract_bundle.emaid',
  'contract_bundle.root_fingerprint',
  'contract_bundle.contract_root_fingerprint',
  'contract_bundle.public_key_sha256',
  'contract_bundle.valid_from_ms',
  'contract_bundle.valid_to_ms',
  'contract_bundle.meta_data',
  'contract_bundle.contract_certificate',
  'contract_bundle.response',
] as const

export class SqlContractStore implements ContractStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(contract: StoredContract): Promise<ContractPut> {
    await lockVehicle(this.#database, contract.pcidKey)
    if (!(await isEncryptedForVehicle(this.#database, contract))) return 'vehicle-changed'
    if (!(await pair(this.#database, contract))) return 'taken'
    const held = await bundleLike(this.#database, contract)
    if (held?.isSame === true) return 'unchanged'
    await makeDefaultIfFirst(this.#database, contract)
    await replaceBundle(this.#database, contract)
    return held === undefined ? 'created' : 'replaced'
  }

  async remove(
    selection: ContractSelection & { readonly pcidKey: string },
  ): Promise<readonly HeldContract[]> {
    await lockVehicle(this.#database, selection.pcidKey)
    const held = await this.find(selection)
    await this.#database.deleteFrom('contract_bundle').where(agreeingWith(selection)).execute()
    await dropWhatIsEmpty(this.#database, selection.pcidKey)
    return held
  }

  async bury(tombstone: ContractTombstone): Promise<void> {
    await this.#database
      .insertInto('contract_tombstone')
      .values({
        certificate_sha256: tombstone.certificateSha256,
        emaid_sha256: tombstone.emaidSha256,
        serial_number: tombstone.serialNumberHex,
        contract_certificate: tombstone.certificate,
        valid_to_ms: tombstone.validToMs,
        removed_at_ms: tombstone.removedAtMs,
      })
      .onConflict((conflict) => conflict.column('certificate_sha256').doNothing())
      .execute()
  }

  async find(selection: ContractSelection): Promise<readonly HeldContract[]> {
    const rows = await this.#database
      .selectFrom('contract_bundle')
      .innerJoin('provisioning_certificate', (join) =>
        join
          .onRef('provisioning_certificate.pcid_key', '=', 'contract_bundle.pcid_key')
          .onRef('provisioning_certificate.namespace', '=', 'contract_bundle.namespace')
          .onRef('provisioning_certificate.public_key_sha256', '=', 'contract_bundle.public_key_sha256'),
      )
      .leftJoin('default_contract', (join) =>
        join
          .onRef('default_contract.pcid_key', '=', 'contract_bundle.pcid_key')
          .onRef('default_contract.namespace', '=', 'contract_bundle.namespace')
          .onRef('default_contract.emaid_key', '=', 'contract_bundle.emaid_key'),
      )
      .select([
        'contract_bundle.emaid_key',
        'contract_bundle.emaid',
        'contract_bundle.pcid_key',
        'contract_bundle.namespace',
        'contract_bundle.root_fingerprint',
        'contract_bundle.contract_certificate',
        'provisioning_certificate.pcid',
        'default_contract.emaid_key as default_emaid_key',
      ])
      .where(agreeingWith(selection))
      .orderBy('contract_bundle.stored_at_ms')
      .orderBy('contract_bundle.emaid_key')
      .orderBy('contract_bundle.root_fingerprint')
      .execute()
    return rows.map((row) => ({
      emaid: { asIssued: row.emaid, key: row.emaid_key },
      pcid: row.pcid,
      pcidKey: row.pcid_key,
      namespace: namespaceOf(row),
      rootFingerprint: row.root_fingerprint,
      contractCertificate: row.contract_certificate,
      isDefault: row.default_emaid_key !== null,
    }))
  }

  async setDefault({
    pcidKey,
    namespace,
    emaidKey,
  }: VehicleContracts & { readonly emaidKey: string }): Promise<'set' | 'unknown'> {
    await lockVehicle(this.#database, pcidKey)
    if ((await this.find({ emaidKey, pcidKey, namespace })).length === 0) return 'unknown'
    await this.#database
      .insertInto('default_contract')
      .values({ pcid_key: pcidKey, namespace, emaid_key: emaidKey })
      .onConflict((conflict) =>
        conflict.columns(['pcid_key', 'namespace']).doUpdateSet({ emaid_key: emaidKey }),
      )
      .execute()
    return 'set'
  }

  async findDefault({ pcidKey, namespace }: VehicleContracts): Promise<readonly DeliverableContract[]> {
    const rows = await this.#database
      .selectFrom('default_contract')
      .innerJoin('contract_bundle', (join) =>
        join
          .onRef('contract_bundle.emaid_key', '=', 'default_contract.emaid_key')
          .onRef('contract_bundle.namespace', '=', 'default_contract.namespace'),
      )
      .select(DELIVERABLE)
      .where('default_contract.pcid_key', '=', pcidKey)
      .where('default_contract.namespace', '=', namespace)
      .orderBy('contract_bundle.stored_at_ms', 'desc')
      .execute()
    return rows.map(deliverableOf)
  }

  async findDeliverable({
    pcidKey,
    namespace,
    emaidKey,
  }: VehicleContracts & { readonly emaidKey?: string | undefined }): Promise<readonly DeliverableContract[]> {
    const wanted = emaidKey ?? (await this.find({ pcidKey, namespace }))[0]?.emaid.key
    if (wanted === undefined) return []
    const rows = await this.#database
      .selectFrom('contract_bundle')
      .select(DELIVERABLE)
      .where(agreeingWith({ emaidKey: wanted, pcidKey, namespace }))
      .orderBy('stored_at_ms', 'desc')
      .execute()
    return rows.map(deliverableOf)
  }

  async vehicleOf(emaidKey: string): Promise<string | undefined> {
    const row = await this.#database
      .selectFrom('pairing')
      .select('pcid_key')
      .where('emaid_key', '=', emaidKey)
      .executeTakeFirst()
    return row?.pcid_key
  }

  async addDelivery(delivery: ContractDelivery): Promise<'first' | 'repeated'> {
    const { numInsertedOrUpdatedRows } = await this.#database
      .insertInto('contract_delivery')
      .values({
        bundle_sha256: delivery.bundleSha256,
        request_sha256: delivery.requestSha256,
        kind: delivery.kind,
        requester: delivery.requester,
        delivered_at_ms: delivery.deliveredAtMs,
      })
      .onConflict((conflict) => conflict.columns(['bundle_sha256', 'request_sha256']).doNothing())
      .executeTakeFirstOrThrow()
    return numInsertedOrUpdatedRows === 0n ? 'repeated' : 'first'
  }

  async listEnded({
    beforeMs,
    afterEmaidKey,
    limit,
  }: Parameters<ContractStore['listEnded']>[0]): Promise<readonly string[]> {
    const rows = await this.#database
      .selectFrom('contract_bundle')
      .select('emaid_key')
      .distinct()
      .where('valid_to_ms', '<', beforeMs)
      .where('emaid_key', '>', afterEmaidKey)
      .orderBy('emaid_key')
      .limit(limit)
      .execute()
    return rows.map(({ emaid_key: emaidKey }) => emaidKey)
  }

  async listRevoked({
    afterEmaidKey,
    limit,
  }: Parameters<ContractStore['listRevoked']>[0]): ReturnType<ContractStore['listRevoked']> {
    const rows = await this.#database
      .selectFrom('issued_certificate')
      .innerJoin('contract_bundle', 'contract_bundle.contract_certificate', 'issued_certificate.certificate')
      .select(['contract_bundle.emaid_key', 'contract_bundle.contract_certificate'])
      .distinct()
      .where('issued_certificate.revoked_at_ms', 'is not', null)
      // Says nothing that the join does not, but there is an index for it.
      .where(
        'contract_bundle.emaid_key',
        '=',
        sql<string>`upper(replace(issued_certificate.common_name, '-', ''))`,
      )
      .where('contract_bundle.emaid_key', '>', afterEmaidKey)
      .orderBy('contract_bundle.emaid_key')
      .limit(limit)
      .execute()
    return rows.map((row) => ({
      emaidKey: row.emaid_key,
      contractCertificate: row.contract_certificate,
    }))
  }

  async prune({ deliveriesBeforeMs, validToBeforeMs }: Parameters<ContractStore['prune']>[0]): Promise<void> {
    await this.#database
      .deleteFrom('contract_delivery')
      .where('delivered_at_ms', '<', deliveriesBeforeMs)
      .execute()
    await this.#database.deleteFrom('contract_tombstone').where('valid_to_ms', '<', validToBeforeMs).execute()
  }
}

/** As a condition on `contract_bundle`. */
function agreeingWith({ emaidKey, pcidKey, namespace, rootFingerprint, publicKeySha256 }: ContractSelection) {
  return (builder: ExpressionBuilder<Tables, 'contract_bundle'>): Expression<SqlBool> =>
    builder.and([
      ...(emaidKey === undefined ? [] : [builder('contract_bundle.emaid_key', '=', emaidKey)]),
      ...(pcidKey === undefined ? [] : [builder('contract_bundle.pcid_key', '=', pcidKey)]),
      ...(namespace === undefined ? [] : [builder('contract_bundle.namespace', '=', namespace)]),
      ...(rootFingerprint === undefined
        ? []
        : [builder('contract_bundle.root_fingerprint', '=', rootFingerprint)]),
      ...(publicKeySha256 === undefined
        ? []
        : [builder('contract_bundle.public_key_sha256', '=', publicKeySha256)]),
    ])
}

type DeliverableRow = Pick<
  Tables['contract_bundle'],
  | 'emaid_key'
  | 'emaid'
  | 'root_fingerprint'
  | 'contract_root_fingerprint'
  | 'public_key_sha256'
  | 'valid_from_ms'
  | 'valid_to_ms'
  | 'meta_data'
  | 'contract_certificate'
  | 'response'
>

function deliverableOf(row: DeliverableRow): DeliverableContract {
  return {
    emaid: { asIssued: row.emaid, key: row.emaid_key },
    rootFingerprint: row.root_fingerprint,
    contractRootFingerprint: row.contract_root_fingerprint,
    publicKeySha256: row.public_key_sha256,
    validFromMs: row.valid_from_ms,
    validToMs: row.valid_to_ms,
    metaData: row.meta_data ?? undefined,
    contractCertificate: row.contract_certificate,
    response: row.response,
  }
}

function namespaceOf(row: { readonly namespace: string }): MessageNamespace {
  const namespace = canonicalNamespace(row.namespace)
  if (namespace === undefined) throw new TypeError(`unknown namespace ${row.namespace}`)
  return namespace
}

async function isEncryptedForVehicle(transaction: Database, contract: StoredContract): Promise<boolean> {
  const row = await transaction
    .selectFrom('provisioning_certificate')
    .select('pcid')
    .where('pcid_key', '=', contract.pcidKey)
    .where('namespace', '=', contract.namespace)
    .where('public_key_sha256', '=', contract.publicKeySha256)
    .executeTakeFirst()
  return row !== undefined
}

/** Whether the EMAID belongs to this vehicle now. */
async function pair(transaction: Database, { emaid, pcidKey }: StoredContract): Promise<boolean> {
  await transaction
    .insertInto('pairing')
    .values({ emaid_key: emaid.key, pcid_key: pcidKey })
    .onConflict((conflict) => conflict.column('emaid_key').doNothing())
    .execute()
  const row = await transaction
    .selectFrom('pairing')
    .select('pcid_key')
    .where('emaid_key', '=', emaid.key)
    .executeTakeFirstOrThrow()
  return row.pcid_key === pcidKey
}

/** The bundle that `contract` is put in place of, and whether it says the same. */
async function bundleLike(
  transaction: Database,
  { emaid, namespace, rootFingerprint, response, metaData }: StoredContract,
): Promise<{ readonly isSame: boolean } | undefined> {
  const row = await transaction
    .selectFrom('contract_bundle')
    .select(['response', 'meta_data'])
    .where(agreeingWith({ emaidKey: emaid.key, namespace, rootFingerprint }))
    .executeTakeFirst()
  return row && { isSame: equalBytes(row.response, response) && row.meta_data === (metaData ?? null) }
}

async function replaceBundle(transaction: Database, contract: StoredContract): Promise<void> {
  const row = bundleRow(contract)
  await transaction
    .insertInto('contract_bundle')
    .values(row)
    .onConflict((conflict) =>
      conflict.columns(['emaid_key', 'namespace', 'root_fingerprint']).doUpdateSet(row),
    )
    .execute()
}

function bundleRow(contract: StoredContract): Tables['contract_bundle'] {
  return {
    emaid_key: contract.emaid.key,
    namespace: contract.namespace,
    root_fingerprint: contract.rootFingerprint,
    contract_root_fingerprint: contract.contractRootFingerprint,
    emaid: contract.emaid.asIssued,
    pcid_key: contract.pcidKey,
    public_key_sha256: contract.publicKeySha256,
    valid_from_ms: contract.validFromMs,
    valid_to_ms: contract.validToMs,
    meta_data: contract.metaData ?? null,
    stored_at_ms: contract.storedAtMs,
    contract_certificate: contract.contractCertificate,
    response: contract.response,
    signed_xml: contract.signedXml,
  }
}

/** Before the bundle is there. A vehicle that lost its default while it has contracts gets none without being asked. */
async function makeDefaultIfFirst(
  transaction: Database,
  { pcidKey, namespace, emaid }: StoredContract,
): Promise<void> {
  const other = await transaction
    .selectFrom('contract_bundle')
    .select('emaid_key')
    .where(agreeingWith({ pcidKey, namespace }))
    .limit(1)
    .executeTakeFirst()
  if (other !== undefined) return
  await transaction
    .insertInto('default_contract')
    .values({ pcid_key: pcidKey, namespace, emaid_key: emaid.key })
    .onConflict((conflict) =>
      conflict.columns(['pcid_key', 'namespace']).doUpdateSet({ emaid_key: emaid.key }),
    )
    .execute()
}

/** The defaults and pairings of the vehicle that have no bundle any more. */
async function dropWhatIsEmpty(transaction: Database, pcidKey: string): Promise<void> {
  await sql`DELETE FROM default_contract WHERE pcid_key = ${pcidKey} AND NOT EXISTS (
    SELECT 1 FROM contract_bundle bundle
    WHERE bundle.emaid_key = default_contract.emaid_key AND bundle.namespace = default_contract.namespace
  )`.execute(transaction)
  await sql`DELETE FROM pairing WHERE pcid_key = ${pcidKey} AND NOT EXISTS (
    SELECT 1 FROM contract_bundle bundle WHERE bundle.emaid_key = pairing.emaid_key
  )`.execute(transaction)
}
