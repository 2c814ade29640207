import type { Migration } from '../ddl.ts'

export const createAudit: Migration = ({ text, integer, bytes, strict, strictByKey }) => [
  `CREATE TABLE audit_record (
    seq ${integer} NOT NULL PRIMARY KEY,
    record ${text} NOT NULL,
    prev_hash ${text} NOT NULL UNIQUE,
    hash ${text} NOT NULL
  ) ${strict}`,
  // One row: who adds a record holds it until the end of the transaction.
  `CREATE TABLE audit_head (
    id ${integer} NOT NULL PRIMARY KEY CHECK (id = 1),
    seq ${integer} NOT NULL,
    hash ${text} NOT NULL,
    environment ${text} NOT NULL
  ) ${strict}`,
  // Where an identifier is still told from a record; a row that is gone leaves the chain whole.
  `CREATE TABLE audit_salt (
    object_type ${text} NOT NULL,
    object_id ${text} NOT NULL,
    salt ${bytes} NOT NULL,
    PRIMARY KEY (object_type, object_id)
  ) ${strictByKey}`,
]
