import { sql, type Kysely } from 'kysely'
import { Migrator, type Migration } from 'kysely/migration'

import type { Tables } from './tables.ts'

/** In their order; one that has shipped is never edited. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-pools': { up: createPools },
  '0002-issuing': { up: createIssuing },
}

/**
 * Brings the database to the present schema; each step at most once, all or nothing.
 *
 * @throws whatever kept a step from being applied; nothing of it is left behind
 */
export async function migrate(database: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({
    db: database,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
}

async function createPools(database: Kysely<Tables>): Promise<void> {
  for (const statement of POOLS) await statement.execute(database)
}

async function createIssuing(database: Kysely<Tables>): Promise<void> {
  for (const statement of ISSUING) await statement.execute(database)
}

const POOLS = [
  sql`CREATE TABLE root (
    id TEXT NOT NULL PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    root_type TEXT NOT NULL CHECK (root_type IN ('MO', 'V2G', 'OEM', 'PE')),
    certificate BLOB NOT NULL,
    added_at_ms INTEGER NOT NULL,
    UNIQUE (fingerprint, root_type)
  ) STRICT`,
  sql`CREATE TABLE provisioning_certificate (
    pcid_key TEXT NOT NULL,
    namespace TEXT NOT NULL,
    signature_algorithm TEXT NOT NULL,
    pcid TEXT NOT NULL,
    vehicle_certificate BLOB NOT NULL,
    sub_ca1_certificate BLOB NOT NULL,
    sub_ca2_certificate BLOB,
    public_key_sha256 TEXT NOT NULL,
    v2g_root_key_ids TEXT NOT NULL,
    previous_pcid TEXT,
    stored_at_ms INTEGER NOT NULL,
    PRIMARY KEY (pcid_key, namespace, signature_algorithm)
  ) STRICT, WITHOUT ROWID`,
  sql`CREATE TABLE pairing (
    emaid_key TEXT NOT NULL PRIMARY KEY,
    pcid_key TEXT NOT NULL,
    UNIQUE (emaid_key, pcid_key)
  ) STRICT, WITHOUT ROWID`,
  sql`CREATE INDEX pairing_by_vehicle ON pairing (pcid_key)`,
  sql`CREATE TABLE contract_bundle (
    emaid_key TEXT NOT NULL,
    namespace TEXT NOT NULL,
    root_fingerprint TEXT NOT NULL,
    contract_root_fingerprint TEXT NOT NULL,
    emaid TEXT NOT NULL,
    pcid_key TEXT NOT NULL,
    public_key_sha256 TEXT NOT NULL,
    valid_from_ms INTEGER NOT NULL,
    valid_to_ms INTEGER NOT NULL,
    meta_data TEXT,
    stored_at_ms INTEGER NOT NULL,
    contract_certificate BLOB NOT NULL,
    response BLOB NOT NULL,
    signed_xml TEXT NOT NULL,
    PRIMARY KEY (emaid_key, namespace, root_fingerprint),
    FOREIGN KEY (emaid_key, pcid_key) REFERENCES pairing (emaid_key, pcid_key)
  ) STRICT`,
  sql`CREATE INDEX contract_bundle_by_vehicle ON contract_bundle (pcid_key, namespace)`,
  sql`CREATE TABLE default_contract (
    pcid_key TEXT NOT NULL,
    namespace TEXT NOT NULL,
    emaid_key TEXT NOT NULL,
    PRIMARY KEY (pcid_key, namespace),
    FOREIGN KEY (emaid_key, pcid_key) REFERENCES pairing (emaid_key, pcid_key)
  ) STRICT, WITHOUT ROWID`,
]

const ISSUING = [
  // A row without a certificate is a serial number that was given out and never to be given out again.
  sql`CREATE TABLE issued_certificate (
    issuer_key_sha256 TEXT NOT NULL,
    serial_number TEXT NOT NULL,
    common_name TEXT NOT NULL,
    requester TEXT NOT NULL,
    issued_at_ms INTEGER NOT NULL,
    valid_to_ms INTEGER NOT NULL,
    certificate BLOB,
    revoked_at_ms INTEGER,
    revocation_reason TEXT,
    CHECK ((revoked_at_ms IS NULL) = (revocation_reason IS NULL)),
    PRIMARY KEY (issuer_key_sha256, serial_number)
  ) STRICT`,
  sql`CREATE INDEX issued_certificate_revoked ON issued_certificate (issuer_key_sha256)
    WHERE revoked_at_ms IS NOT NULL`,
  sql`CREATE TABLE crl_number (
    issuer_key_sha256 TEXT NOT NULL PRIMARY KEY,
    last_number INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
  sql`CREATE TABLE end_entity (
    kind TEXT NOT NULL,
    common_name_key TEXT NOT NULL,
    operator_id TEXT NOT NULL,
    registration TEXT NOT NULL,
    registered_at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, common_name_key)
  ) STRICT, WITHOUT ROWID`,
  sql`CREATE INDEX end_entity_by_operator ON end_entity (kind, operator_id)`,
]
