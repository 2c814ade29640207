import type { Migration } from '../ddl.ts'

export const keepRootRecords: Migration = ({ text, integer, bytes, strict }) => [
  // Kept for ever: what was trusted, until when, and why no longer.
  `CREATE TABLE root_tombstone (
    id ${text} NOT NULL PRIMARY KEY,
    fingerprint ${text} NOT NULL,
    root_type ${text} NOT NULL,
    certificate ${bytes} NOT NULL,
    state ${text} NOT NULL CHECK (state IN ('EXPIRED', 'REVOKED')),
    added_at_ms ${integer} NOT NULL,
    removed_at_ms ${integer} NOT NULL
  ) ${strict}`,
]
