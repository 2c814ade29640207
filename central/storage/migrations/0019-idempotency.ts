import type { Migration } from '../ddl.ts'

export const createIdempotency: Migration = ({ text, integer, strict }) => [
  // Without a status: being carried out, or given up by a process that ended.
  `CREATE TABLE idempotency_key (
    client_id ${text} NOT NULL,
    method ${text} NOT NULL,
    path ${text} NOT NULL,
    key ${text} NOT NULL,
    request_hash ${text} NOT NULL,
    claim ${text} NOT NULL,
    claimed_at_ms ${integer} NOT NULL,
    expires_at_ms ${integer} NOT NULL,
    status ${integer},
    body ${text},
    PRIMARY KEY (client_id, method, path, key)
  ) ${strict}`,
  `CREATE INDEX idempotency_key_by_expiry ON idempotency_key (expires_at_ms)`,
]
