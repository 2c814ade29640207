import type { Migration } from '../ddl.ts'

export const createRegistry: Migration = ({ text, integer, strict, strictByKey }) => [
  `CREATE TABLE participant (
    participant_id ${text} NOT NULL PRIMARY KEY,
    name ${text} NOT NULL,
    notice_address ${text},
    roles ${text} NOT NULL,
    parent_id ${text} REFERENCES participant (participant_id),
    state ${text} NOT NULL CHECK (state IN ('PENDING', 'ACTIVE', 'SUSPENDED', 'CLOSED')),
    source ${text} NOT NULL CHECK (source IN ('config', 'admin')),
    version ${integer} NOT NULL,
    created_at_ms ${integer} NOT NULL,
    CHECK (parent_id <> participant_id)
  ) ${strict}`,
  // The primary key is the rule that an identifier has one owner.
  `CREATE TABLE participant_identifier (
    kind ${text} NOT NULL CHECK (kind IN ('wmi', 'provider', 'operator')),
    value ${text} NOT NULL CHECK (value = upper(value)),
    participant_id ${text} NOT NULL REFERENCES participant (participant_id),
    released_at_ms ${integer},
    PRIMARY KEY (kind, value)
  ) ${strictByKey}`,
  `CREATE INDEX participant_identifier_by_owner ON participant_identifier (participant_id)`,
  `CREATE TABLE client (
    client_id ${text} NOT NULL PRIMARY KEY,
    participant_id ${text} NOT NULL REFERENCES participant (participant_id),
    name ${text} NOT NULL,
    person ${text},
    roles ${text} NOT NULL,
    permissions ${text} NOT NULL,
    wmis ${text},
    provider_ids ${text},
    operator_ids ${text},
    state ${text} NOT NULL CHECK (state IN ('ACTIVE', 'REVOKED')),
    secret_hash ${text},
    previous_secret_hash ${text},
    previous_secret_until_ms ${integer},
    generation ${integer} NOT NULL,
    not_before_ms ${integer},
    not_after_ms ${integer},
    last_used_at_ms ${integer},
    source ${text} NOT NULL CHECK (source IN ('config', 'admin')),
    version ${integer} NOT NULL,
    created_at_ms ${integer} NOT NULL,
    CHECK ((previous_secret_hash IS NULL) = (previous_secret_until_ms IS NULL)),
    CHECK ((secret_hash IS NULL) = (source = 'config'))
  ) ${strict}`,
  `CREATE INDEX client_by_participant ON client (participant_id)`,
]
