import { canonicalNamespace, type MessageNamespace } from '#opcp'

import type {
  ProvisioningEntry,
  ProvisioningKey,
  ProvisioningStore,
  ProvisioningTombstone,
} from '../pcp/provisioning-store.ts'
import { lockVehicle, type Database } from './database.ts'
import type { ProvisioningCertificateRow, ProvisioningTombstoneRow } from './tables.ts'

export class SqlProvisioningStore implements ProvisioningStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  async lock(pcidKey: string): Promise<void> {
    await lockVehicle(this.#database, pcidKey)
  }

  async put(entry: ProvisioningEntry): Promise<void> {
    const row = rowOf(entry)
    await this.lock(entry.pcidKey)
    await this.#database
      .insertInto('provisioning_certificate')
      .values(row)
      .onConflict((conflict) =>
        conflict.columns(['pcid_key', 'namespace', 'signature_algorithm']).doUpdateSet(row),
      )
      .execute()
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

  async list(pcidKey: string): Promise<readonly ProvisioningEntry[]> {
    const rows = await this.#database
      .selectFrom('provisioning_certificate')
      .selectAll()
      .where('pcid_key', '=', pcidKey)
      .orderBy('namespace')
      .orderBy('signature_algorithm')
      .execute()
    return rows.map(entryOf)
  }

  async listKeys({
    afterPcidKey,
    limit,
  }: Parameters<ProvisioningStore['listKeys']>[0]): Promise<readonly string[]> {
    const rows = await this.#database
      .selectFrom('provisioning_certificate')
      .select('pcid_key')
      .distinct()
      .where('pcid_key', '>', afterPcidKey)
      .orderBy('pcid_key')
      .limit(limit)
      .execute()
    return rows.map(({ pcid_key: pcidKey }) => pcidKey)
  }

  async remove({ pcidKey, namespace, signatureAlgorithm }: ProvisioningKey): Promise<void> {
    await this.lock(pcidKey)
    await this.#database
      .deleteFrom('provisioning_certificate')
      .where('pcid_key', '=', pcidKey)
      .where('namespace', '=', namespace)
      .where('signature_algorithm', '=', signatureAlgorithm)
      .execute()
  }

  async bury(tombstone: ProvisioningTombstone): Promise<void> {
    const row = tombstoneRowOf(tombstone)
    await this.#database
      .insertInto('provisioning_tombstone')
      .values(row)
      .onConflict((conflict) => conflict.column('certificate_sha256').doUpdateSet(row))
      .execute()
  }

  async findTombstones(pcidSha256: string): Promise<readonly ProvisioningTombstone[]> {
    const rows = await this.#database
      .selectFrom('provisioning_tombstone')
      .selectAll()
      .where('pcid_sha256', '=', pcidSha256)
      .orderBy('removed_at_ms', 'desc')
      .execute()
    return rows.map(tombstoneOf)
  }
}

function tombstoneRowOf({ chain = [], ...tombstone }: ProvisioningTombstone): ProvisioningTombstoneRow {
  const [vehicle, subCa1, subCa2] = chain
  return {
    certificate_sha256: tombstone.certificateSha256,
    pcid_sha256: tombstone.pcidSha256,
    removed_at_ms: tombstone.removedAtMs,
    vehicle_certificate: vehicle ?? null,
    sub_ca1_certificate: subCa1 ?? null,
    sub_ca2_certificate: subCa2 ?? null,
  }
}

function tombstoneOf(row: ProvisioningTombstoneRow): ProvisioningTombstone {
  const chain = [row.vehicle_certificate, row.sub_ca1_certificate, row.sub_ca2_certificate]
  const held = chain.filter((certificate) => certificate !== null)
  return {
    certificateSha256: row.certificate_sha256,
    pcidSha256: row.pcid_sha256,
    removedAtMs: row.removed_at_ms,
    chain: held.length === 0 ? undefined : held,
  }
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
