import { sql } from 'kysely'

import { canonicalNamespace, type MessageNamespace } from '#opcp'

import type { ProvisioningEntry, ProvisioningStore } from '../pcp/provisioning-store.ts'
import { lockVehicle, type Database } from './database.ts'
import type { ProvisioningCertificateRow } from './tables.ts'

export class SqlProvisioningStore implements ProvisioningStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async lock(pcidKey: string): Promise<void> {
    await lockVehicle(this.#database, pcidKey)
  }

  async put(entry: ProvisioningEntry): Promise<'created' | 'renewed' | 'rekeyed'> {
    const row = rowOf(entry)
    await this.lock(entry.pcidKey)
    const held = await this.#database
      .selectFrom('provisioning_certificate')
      .select('public_key_sha256')
      .where('pcid_key', '=', row.pcid_key)
      .where('namespace', '=', row.namespace)
      .where('signature_algorithm', '=', row.signature_algorithm)
      .executeTakeFirst()
    await this.#database
      .insertInto('provisioning_certificate')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['pcid_key', 'namespace', 'signature_algorithm']).doUpdateSet(row),
      )
      .execute()
    if (held === undefined) return 'created'
    if (held.public_key_sha256 === row.public_key_sha256) return 'renewed'
    await deleteContractsFor(this.#database, { ...entry, publicKeySha256: held.public_key_sha256 })
    return 'rekeyed'
  }

  async find(vehicle: {
    readonly pcidKey: string
    readonly namespace: MessageNamespace
  }): Promise<ProvisioningEntry | undefined> {
    const row = await this.#database
      .selectFrom('provisioning_certificate')
      .selectAll()
      .where('pcid_key', '=', vehicle.pcidKey)
      .where('namespace', '=', vehicle.namespace)
      .executeTakeFirst()
    return row && entryOf(row)
  }
}

/** Deletes the bundles encrypted for a key, then the defaults and pairings that are left without any. */
async function deleteContractsFor(
  transaction: Database,
  vehicle: { readonly pcidKey: string; readonly publicKeySha256: string },
): Promise<void> {
  await transaction
    .deleteFrom('contract_bundle')
    .where('pcid_key', '=', vehicle.pcidKey)
    .where('public_key_sha256', '=', vehicle.publicKeySha256)
    .execute()
  await sql`DELETE FROM default_contract WHERE pcid_key = ${vehicle.pcidKey} AND NOT EXISTS (
    SELECT 1 FROM contract_bundle bundle
    WHERE bundle.emaid_key = default_contract.emaid_key AND bundle.namespace = default_contract.namespace
  )`.execute(transaction)
  await sql`DELETE FROM pairing WHERE pcid_key = ${vehicle.pcidKey} AND NOT EXISTS (
    SELECT 1 FROM contract_bundle bundle WHERE bundle.emaid_key = pairing.emaid_key
  )`.execute(transaction)
}

function rowOf(entry: ProvisioningEntry): ProvisioningCertificateRow {
  return {
    pcid_key: entry.pcidKey,
    namespace: entry.namespace,
    signature_algorithm: entry.signatureAlgorithm,
    pcid: entry.pcid,
    vehicle_certificate: entry.vehicleCertificate,
    sub_ca1_certificate: entry.subCa1Certificate,
    sub_ca2_certificate: entry.subCa2Certificate ?? null,
    public_key_sha256: entry.publicKeySha256,
    v2g_root_key_ids: entry.v2gRootKeyIds.join(' '),
    previous_pcid: entry.previousPcid ?? null,
    stored_at_ms: entry.storedAtMs,
  }
}

function entryOf(row: ProvisioningCertificateRow): ProvisioningEntry {
  const namespace = canonicalNamespace(row.namespace)
  if (namespace === undefined) throw new TypeError(`unknown namespace ${row.namespace}`)
  return {
    pcid: row.pcid,
    pcidKey: row.pcid_key,
    namespace,
    signatureAlgorithm: row.signature_algorithm,
    vehicleCertificate: row.vehicle_certificate,
    subCa1Certificate: row.sub_ca1_certificate,
    subCa2Certificate: row.sub_ca2_certificate ?? undefined,
    publicKeySha256: row.public_key_sha256,
    v2gRootKeyIds: row.v2g_root_key_ids.split(' ').filter((id) => id !== ''),
    previousPcid: row.previous_pcid ?? undefined,
    storedAtMs: row.stored_at_ms,
  }
}
