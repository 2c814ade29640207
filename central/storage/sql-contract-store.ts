import type { MessageNamespace } from '#opcp'

import type {
  ContractPut,
  ContractStore,
  DeliverableContract,
  StoredContract,
} from '../ccp/contract-store.ts'
import { lockVehicle, type Database } from './database.ts'

interface Vehicle {
  readonly pcidKey: string
  readonly namespace: MessageNamespace
}

export class SqlContractStore implements ContractStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async put(contract: StoredContract): Promise<ContractPut> {
    await lockVehicle(this.#database, contract.pcidKey)
    if (!(await isEncryptedForVehicle(this.#database, contract))) return 'vehicle-changed'
    if (!(await pair(this.#database, contract))) return 'taken'
    const replaced = await replaceBundle(this.#database, contract)
    await makeDefaultIfFirst(this.#database, contract)
    return replaced ? 'replaced' : 'created'
  }

  async findDefault({ pcidKey, namespace }: Vehicle): Promise<readonly DeliverableContract[]> {
    const rows = await this.#database
      .selectFrom('default_contract')
      .innerJoin('contract_bundle', (join) =>
        join
          .onRef('contract_bundle.emaid_key', '=', 'default_contract.emaid_key')
          .onRef('contract_bundle.namespace', '=', 'default_contract.namespace'),
      )
      .select([
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
      ])
      .where('default_contract.pcid_key', '=', pcidKey)
      .where('default_contract.namespace', '=', namespace)
      .orderBy('contract_bundle.stored_at_ms', 'desc')
      .execute()
    return rows.map((row) => ({
      emaid: { asIssued: row.emaid, key: row.emaid_key },
      rootFingerprint: row.root_fingerprint,
      contractRootFingerprint: row.contract_root_fingerprint,
      publicKeySha256: row.public_key_sha256,
      validFromMs: row.valid_from_ms,
      validToMs: row.valid_to_ms,
      metaData: row.meta_data ?? undefined,
      contractCertificate: row.contract_certificate,
      response: row.response,
    }))
  }

  async vehicleOf(emaidKey: string): Promise<string | undefined> {
    const row = await this.#database
      .selectFrom('pairing')
      .select('pcid_key')
      .where('emaid_key', '=', emaidKey)
      .executeTakeFirst()
    return row?.pcid_key
  }
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

async function replaceBundle(transaction: Database, contract: StoredContract): Promise<boolean> {
  const removed = await transaction
    .deleteFrom('contract_bundle')
    .where('emaid_key', '=', contract.emaid.key)
    .where('namespace', '=', contract.namespace)
    .where('root_fingerprint', '=', contract.rootFingerprint)
    .executeTakeFirst()
  await transaction
    .insertInto('contract_bundle')
    .values({
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
    })
    .execute()
  return removed.numDeletedRows > 0n
}

async function makeDefaultIfFirst(transaction: Database, contract: StoredContract): Promise<void> {
  await transaction
    .insertInto('default_contract')
    .values({
      pcid_key: contract.pcidKey,
      namespace: contract.namespace,
      emaid_key: contract.emaid.key,
    })
    .onConflict((conflict) => conflict.columns(['pcid_key', 'namespace']).doNothing())
    .execute()
}
