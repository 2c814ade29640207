/** The invariants of the pools, looked for in the tables themselves. */
import { createHash } from 'node:crypto'

import { decodeV2gMessage, parseEmaid } from '#iso15118'
import { parseCertificate, type Certificate } from '#pki'

import { lineOf } from '../audit/audit-record.ts'
import { verifyChain } from '../audit/verify-chain.ts'
import type { SqlStorage } from './sql-storage.ts'

/**
 * What is broken, one line each. Events are only told from changes when an endpoint has subscribed to `oem.*` of every
 * vehicle since before the first change.
 *
 * @throws {AuditError} when the audit chain is broken
 */
export async function brokenInvariants(storage: SqlStorage): Promise<readonly string[]> {
  const tables = await readTables(storage)
  return [
    ...tables.vehicles.flatMap(brokenVehicle),
    ...tables.bundles.flatMap((bundle) => brokenBundle(bundle, tables)),
    ...brokenDefaults(tables),
    ...brokenEvents(tables),
    ...(await brokenRecords(tables)),
  ]
}

/** All from one moment: others may be writing. */
async function readTables({ database }: SqlStorage) {
  return await database
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tables) => ({
      vehicles: await tables.selectFrom('provisioning_certificate').selectAll().execute(),
      pairings: await tables.selectFrom('pairing').selectAll().execute(),
      bundles: await tables.selectFrom('contract_bundle').selectAll().execute(),
      defaults: await tables.selectFrom('default_contract').selectAll().execute(),
      owners: await tables.selectFrom('participant_identifier').selectAll().execute(),
      events: await tables
        .selectFrom('webhook_event')
        .select(['event_type', 'emaid_key'])
        .where('event_type', 'like', 'oem.%')
        .orderBy('position')
        .execute(),
      records: await tables.selectFrom('audit_record').selectAll().orderBy('seq').execute(),
    }))
}
type Rows = Awaited<ReturnType<typeof readTables>>

function brokenVehicle(row: Rows['vehicles'][number]): readonly string[] {
  const certificate = parseCertificate(row.vehicle_certificate)
  const holds =
    commonNameOf(certificate) === row.pcid &&
    row.pcid.toUpperCase() === row.pcid_key &&
    keyOf(certificate) === row.public_key_sha256
  return holds ? [] : [`vehicle ${row.pcid_key}: the columns are not those of its certificate`]
}

function brokenBundle(row: Rows['bundles'][number], rows: Rows): readonly string[] {
  const isPaired = rows.pairings.some(
    ({ emaid_key, pcid_key }) => emaid_key === row.emaid_key && pcid_key === row.pcid_key,
  )
  const isForVehicle = rows.vehicles.some(
    ({ pcid_key, namespace, public_key_sha256 }) =>
      pcid_key === row.pcid_key && namespace === row.namespace && public_key_sha256 === row.public_key_sha256,
  )
  const isOwned = [
    ['provider', row.emaid_key.slice(0, 5)],
    ['wmi', row.pcid_key.slice(0, 3)],
  ].every(([kind, value]) => rows.owners.some((owner) => owner.kind === kind && owner.value === value))
  return [
    ...(isPaired ? [] : ['it is not the EMAID of its vehicle']),
    ...(isForVehicle ? [] : ['its vehicle is not in the pool with the key it was made for']),
    ...(isOwned ? [] : ['nobody owns its identifiers']),
    ...(isWhole(row) ? [] : ['its parts are of different contracts']),
  ].map((what) => `bundle ${row.emaid_key}: ${what}`)
}

function isWhole(row: Rows['bundles'][number]): boolean {
  const response = decodeV2gMessage(row.response).message.Body.CertificateInstallationRes
  if (response?.ResponseCode !== 'OK') return false
  const { Certificate: delivered } = response.ContractSignatureCertChain
  const emaids = [commonNameOf(parseCertificate(row.contract_certificate)), response.eMAID.$value, row.emaid]
  return (
    emaids.every((emaid) => parseEmaid(emaid).key === row.emaid_key) &&
    Buffer.from(delivered).equals(row.contract_certificate) &&
    row.signed_xml.includes(Buffer.from(delivered).toString('base64'))
  )
}

function brokenDefaults({ defaults, bundles }: Rows): readonly string[] {
  const vehicles = defaults.map(({ pcid_key, namespace }) => `${pcid_key} ${namespace}`)
  const twice = vehicles.filter((vehicle, index) => vehicles.indexOf(vehicle) !== index)
  const dangling = defaults.filter(
    (row) =>
      !bundles.some(
        ({ emaid_key, pcid_key, namespace }) =>
          emaid_key === row.emaid_key && pcid_key === row.pcid_key && namespace === row.namespace,
      ),
  )
  return [
    ...twice.map((vehicle) => `vehicle ${vehicle}: two default contracts`),
    ...dangling.map(({ pcid_key }) => `vehicle ${pcid_key}: the default contract is not there`),
  ]
}

/** Told and true are the same: the last event of each contract says whether it is there. */
function brokenEvents({ events, bundles }: Rows): readonly string[] {
  const last = new Map(events.map(({ emaid_key, event_type }) => [emaid_key ?? '', event_type]))
  const held = new Set(bundles.map(({ emaid_key }) => emaid_key))
  const emaids = [...new Set([...last.keys(), ...held])]
  return emaids
    .filter((emaid) => held.has(emaid) !== (last.has(emaid) && last.get(emaid) !== 'oem.contract.deleted'))
    .map((emaid) => `contract ${emaid}: the last that was told of it is ${last.get(emaid) ?? 'nothing'}`)
}

/** Every time a contract was written, its OEM was told once. */
async function brokenRecords({ records, events }: Rows): Promise<readonly string[]> {
  await verifyChain(
    records.map(({ record, hash, prev_hash: prevHash, seq }) => lineOf({ record, hash, prevHash, seq })),
  )
  const written = records.filter(({ record }) => record.includes('"action":"contract.put"')).length
  const told = events.filter(({ event_type: type }) => type !== 'oem.contract.deleted').length
  return written === told ? [] : [`${written} contracts on record as written, ${told} told`]
}

function commonNameOf({ subject }: Certificate): string {
  return subject.attributes.find(({ type }) => type === 'CN')?.value ?? ''
}

function keyOf({ publicKeyDer }: Certificate): string {
  return createHash('sha256').update(publicKeyDer).digest('hex')
}
