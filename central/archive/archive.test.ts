import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { Database } from '../storage/database.ts'
import { ENGINES, openTestStorage } from '../storage/storage.fixture.ts'
import { exportArchive } from './export-archive.ts'
import { importArchive } from './import-archive.ts'
import { rowsOf, wholeTables } from './whole-tables.ts'

type Row = Readonly<Record<string, string | number | Uint8Array | null>>

const BYTES = Uint8Array.of(0, 0x0a, 0x22, 0x80, 0xff)
const HASH = 'ab'.repeat(32)
const NAMESPACE = 'urn:iso:15118:2:2013:MsgDef'
const participant = {
  name: 'Zoë "Ö" \\ \n 車',
  notice_address: null,
  roles: 'MO OEM',
  state: 'ACTIVE',
  source: 'admin',
  version: 1,
  created_at_ms: 9_007_199_254_740_991,
}
const event = {
  endpoint_id: 'endpoint',
  event_type: 'oem.contract.created',
  emaid_key: null,
  pcid_key: 'EVO1',
  body: BYTES,
  state: 'PENDING',
  attempts: 0,
  attempts_before: 0,
  occurred_at_ms: 1,
  queued_at_ms: 1,
  next_at_ms: 1,
  ended_at_ms: null,
}
const bundle = {
  namespace: NAMESPACE,
  root_fingerprint: HASH,
  contract_root_fingerprint: HASH,
  pcid_key: 'EVO1',
  public_key_sha256: HASH,
  valid_from_ms: -1,
  valid_to_ms: 253_402_300_799_000,
  meta_data: null,
  stored_at_ms: 1,
  contract_certificate: BYTES,
  response: new Uint8Array(),
  signed_xml: '<a/>\r\n',
}
/** More than go into one statement, so that batches and the last of them are tried. */
const emaids = Array.from({ length: 250 }, (_, index) => `DEEVO${index}`)

/** Rows of every table, in an order in which they can be added. */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  // The parent of one comes after it by its key.
  participant: [
    { ...participant, participant_id: 'z', parent_id: null },
    { ...participant, participant_id: 'a', parent_id: 'z' },
  ],
  participant_identifier: [{ kind: 'wmi', value: 'EVO', participant_id: 'a', released_at_ms: null }],
  client: [
    {
      client_id: 'client',
      participant_id: 'a',
      name: '',
      person: null,
      roles: 'OEM',
      permissions: 'pcp',
      wmis: null,
      provider_ids: null,
      operator_ids: null,
      state: 'ACTIVE',
      secret_hash: HASH,
      previous_secret_hash: null,
      previous_secret_until_ms: null,
      generation: 0,
      not_before_ms: null,
      not_after_ms: null,
      last_used_at_ms: null,
      source: 'admin',
      version: 1,
      created_at_ms: 1,
    },
  ],
  webhook_endpoint: [
    {
      id: 'endpoint',
      participant_id: 'a',
      owner_name: 'a',
      roles: 'OEM',
      wmis: 'EVO',
      provider_ids: '',
      url: 'https://example.com/',
      enabled_events: '*',
      description: null,
      metadata: '{}',
      wmi_filter: '',
      status: 'ENABLED',
      secret: BYTES,
      previous_secret: null,
      previous_secret_until_ms: null,
      dead_letters: 0,
      created_at_ms: 1,
      version: 1,
    },
  ],
  idempotency_key: [
    {
      client_id: 'a',
      method: 'POST',
      path: '/x',
      key: 'k',
      request_hash: HASH,
      claim: 'c',
      claimed_at_ms: 1,
      expires_at_ms: 2,
      status: 201,
      body: '{}',
    },
  ],
  webhook_subscription: [{ event_type: 'x', subject: 'y', wmi: 'EVO', endpoint_id: 'endpoint' }],
  // Queued in this order, which is not that of their ids.
  webhook_event: [
    { ...event, event_id: 'b' },
    { ...event, event_id: 'a' },
    { ...event, event_id: 'c', body: null, state: 'DEAD', ended_at_ms: 2 },
  ],
  webhook_attempt: [
    {
      event_id: 'b',
      endpoint_id: 'endpoint',
      number: 1,
      status: 503,
      error: null,
      started_at_ms: 1,
      latency_ms: 2,
    },
  ],
  root: [{ id: '1', fingerprint: HASH, root_type: 'V2G', certificate: BYTES, added_at_ms: 1 }],
  root_tombstone: [
    {
      id: '2',
      fingerprint: HASH,
      root_type: 'MO',
      certificate: BYTES,
      state: 'REVOKED',
      added_at_ms: 1,
      removed_at_ms: 2,
    },
  ],
  pending_root: [
    {
      id: '3',
      fingerprint: HASH,
      root_type: 'OEM',
      certificate: BYTES,
      proposed_by_client: 'admin',
      proposed_by_person: 'person',
      proposed_at_ms: 1,
    },
  ],
  trust_list: [
    {
      sequence: 1,
      list: '{}',
      hash: HASH,
      signer_certificate: BYTES,
      published_at_ms: 1,
      next_update_ms: 2,
    },
  ],
  provisioning_certificate: [
    {
      pcid_key: 'EVO1',
      namespace: NAMESPACE,
      signature_algorithm: 'secp256r1',
      pcid: 'evo1',
      vehicle_certificate: BYTES,
      sub_ca1_certificate: BYTES,
      sub_ca2_certificate: null,
      public_key_sha256: HASH,
      v2g_root_key_ids: '4f',
      previous_pcid: null,
      stored_at_ms: 1,
    },
  ],
  provisioning_tombstone: [
    {
      certificate_sha256: HASH,
      pcid_sha256: HASH,
      removed_at_ms: 1,
      vehicle_certificate: BYTES,
      sub_ca1_certificate: null,
      sub_ca2_certificate: null,
    },
  ],
  pairing: emaids.map((emaid_key) => ({ emaid_key, pcid_key: 'EVO1' })),
  contract_bundle: emaids.map((emaid_key) => ({ ...bundle, emaid_key, emaid: emaid_key })),
  default_contract: [{ pcid_key: 'EVO1', namespace: NAMESPACE, emaid_key: 'DEEVO7' }],
  contract_tombstone: [
    {
      certificate_sha256: HASH,
      emaid_sha256: HASH,
      serial_number: '7f',
      contract_certificate: BYTES,
      valid_to_ms: 1,
      removed_at_ms: 1,
    },
  ],
  contract_delivery: [
    { bundle_sha256: HASH, request_sha256: HASH, kind: 'request', requester: 'a', delivered_at_ms: 1 },
  ],
  issued_certificate: [
    {
      issuer_key_sha256: HASH,
      serial_number: '01',
      common_name: 'x',
      requester: 'a',
      issued_at_ms: 1,
      valid_to_ms: 2,
      certificate: null,
      revoked_at_ms: null,
      revocation_reason: null,
    },
  ],
  crl_number: [{ issuer_key_sha256: HASH, last_number: 3 }],
  end_entity: [
    { kind: 'mo', common_name_key: 'X', operator_id: 'DEEVO', registration: '{}', registered_at_ms: 1 },
  ],
  audit_record: [{ seq: 1, record: '{}', prev_hash: '00', hash: HASH }],
  audit_head: [{ id: 1, seq: 1, hash: HASH, environment: 'test' }],
  audit_salt: [{ object_type: 'vehicle', object_id: 'EVO1', salt: BYTES }],
}

async function fill(database: Database): Promise<void> {
  const known = new Set((await wholeTables(database)).map(({ table }) => table))
  for (const [table, rows] of Object.entries(ROWS).filter(([name]) => known.has(name)))
    for (const row of rows) {
      const columns = sql.join(Object.keys(row).map((column) => sql.ref(column)))
      await sql`INSERT INTO ${sql.table(table)} (${columns}) VALUES (${sql.join(Object.values(row))})`.execute(
        database,
      )
    }
}

/** The rows of each table with the columns that move. */
async function contentOf(database: Database): Promise<Record<string, readonly string[]>> {
  const content: Record<string, readonly string[]> = {}
  for (const table of await wholeTables(database)) {
    const rows: string[] = []
    await database.transaction().execute(async (transaction) => {
      for await (const batch of rowsOf(transaction, table))
        rows.push(...batch.map((row) => JSON.stringify(table.columns.map((column) => [column, row[column]]))))
    })
    content[table.table] = table.table === 'webhook_event' ? rows : rows.toSorted()
  }
  return content
}

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evouch-archive-'))
  file = join(folder, 'pool.archive')
})
afterEach(() => rm(folder, { recursive: true }))

test.each([
  { from: 'sqlite', to: 'postgres' },
  { from: 'postgres', to: 'sqlite' },
] as const)('every row of every table goes from $from to $to and back', async ({ from, to }) => {
  await using source = await openTestStorage(from)
  await using middle = await openTestStorage(to)
  await using target = await openTestStorage(from)
  await fill(source.storage.database)
  const content = await contentOf(source.storage.database)
  for (const [table, rows] of Object.entries(content))
    expect({ table, toTry: rows.length > 0 }).toEqual({ table, toTry: true })

  const written = await exportArchive(source.storage.database, { file })
  await expect(importArchive(middle.storage.database, { file })).resolves.toEqual(written)
  expect(await contentOf(middle.storage.database)).toEqual(content)
  await exportArchive(middle.storage.database, { file })
  await importArchive(target.storage.database, { file })
  expect(await contentOf(target.storage.database)).toEqual(content)
})

describe.each(ENGINES)('on %s', (engine) => {
  test('an archive that was changed, cut short or goes on leaves the database empty', async () => {
    await using source = await openTestStorage(engine)
    await fill(source.storage.database)
    await exportArchive(source.storage.database, { file })
    const whole = await readFile(file)
    const text = gunzipSync(whole).toString()
    await using target = await openTestStorage(engine)
    const empty = await contentOf(target.storage.database)
    const hostile: Record<string, Uint8Array> = {
      'cut short': whole.subarray(0, -20),
      'cut at a line': gzipSync(text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)),
      'one value changed': gzipSync(text.replace('<a/>', '<b/>')),
      'goes on': gzipSync(`${text}{"table":"root"}\n`),
      'no gzip': Buffer.from(text),
      'no archive': gzipSync('{}\n'),
      empty: gzipSync(''),
      'a row before its table': gzipSync(text.replace('{"table":"participant"}\n', '')),
      'a table that is not ours': gzipSync(text.replace('{"table":"root"}', '{"table":"kysely_migration"}')),
    }
    for (const [name, bytes] of Object.entries(hostile)) {
      await writeFile(file, bytes)
      const refusal: unknown = await importArchive(target.storage.database, { file }).catch((error) => error)
      expect({ name, refusal }).toMatchObject({ name, refusal: { code: 'ERR_ARCHIVE_DAMAGED' } })
      expect(await contentOf(target.storage.database)).toEqual(empty)
    }
  })

  test('an archive of another schema is refused', async () => {
    await using opened = await openTestStorage(engine)
    await exportArchive(opened.storage.database, { file })
    const text = gunzipSync(await readFile(file)).toString()
    await writeFile(file, gzipSync(text.replace(/"schema":"[^"]+"/, '"schema":"9999-later"')))
    await expect(importArchive(opened.storage.database, { file })).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_SCHEMA',
    })
  })

  test('a database that holds rows takes no archive, unless beside them', async () => {
    await using opened = await openTestStorage(engine)
    const { database } = opened.storage
    await exportArchive(database, { file })
    await fill(database)
    await expect(importArchive(database, { file })).rejects.toMatchObject({ code: 'ERR_ARCHIVE_NOT_EMPTY' })
    const content = await contentOf(database)
    await importArchive(database, { file, beside: true })
    await exportArchive(database, { file })
    await expect(importArchive(database, { file, beside: true })).rejects.toThrow(/unique/i)
    expect(await contentOf(database)).toEqual(content)
  })
})

test('an archive is for its owner alone, and nothing else stays in the folder', async () => {
  await using opened = await openTestStorage('sqlite')
  await exportArchive(opened.storage.database, { file })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(await readdir(folder)).toEqual(['pool.archive'])
})
