import type { Migration } from '../ddl.ts'

export const createPendingRoots: Migration = ({ text, integer, bytes, strict }) => [
  `CREATE TABLE pending_root (
    id ${text} NOT NULL PRIMARY KEY,
    fingerprint ${text} NOT NULL,
    root_type ${text} NOT NULL,
    certificate ${bytes} NOT NULL,
    proposed_by_client ${text} NOT NULL,
    proposed_by_person ${text} NOT NULL,
    proposed_at_ms ${integer} NOT NULL,
    UNIQUE (fingerprint, root_type)
  ) ${strict}`,
]
