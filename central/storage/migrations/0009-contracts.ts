import type { Migration } from '../ddl.ts'

export const keepContractRecords: Migration = ({ text, integer, bytes, strict, strictByKey }) => [
  // What remains of a contract: no key, not even encrypted.
  `CREATE TABLE contract_tombstone (
    certificate_sha256 ${text} NOT NULL PRIMARY KEY,
    emaid_sha256 ${text} NOT NULL,
    serial_number ${text} NOT NULL,
    contract_certificate ${bytes} NOT NULL,
    valid_to_ms ${integer} NOT NULL,
    removed_at_ms ${integer} NOT NULL
  ) ${strict}`,
  `CREATE INDEX contract_tombstone_by_end ON contract_tombstone (valid_to_ms)`,
  `CREATE INDEX contract_tombstone_by_emaid ON contract_tombstone (emaid_sha256)`,
  `CREATE TABLE contract_delivery (
    bundle_sha256 ${text} NOT NULL,
    request_sha256 ${text} NOT NULL,
    kind ${text} NOT NULL CHECK (kind IN ('request', 'provide')),
    requester ${text} NOT NULL,
    delivered_at_ms ${integer} NOT NULL,
    PRIMARY KEY (bundle_sha256, request_sha256)
  ) ${strictByKey}`,
  `CREATE INDEX contract_delivery_by_time ON contract_delivery (delivered_at_ms)`,
]
