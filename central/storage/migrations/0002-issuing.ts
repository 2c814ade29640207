import type { Migration } from '../ddl.ts'

export const createIssuing: Migration = ({ text, integer, bytes, strict, strictByKey }) => [
  // A row without a certificate is a serial number that was given out and never to be given out again.
  `CREATE TABLE issued_certificate (
    issuer_key_sha256 ${text} NOT NULL,
    serial_number ${text} NOT NULL,
    common_name ${text} NOT NULL,
    requester ${text} NOT NULL,
    issued_at_ms ${integer} NOT NULL,
    valid_to_ms ${integer} NOT NULL,
    certificate ${bytes},
    revoked_at_ms ${integer},
    revocation_reason ${text},
    CHECK ((revoked_at_ms IS NULL) = (revocation_reason IS NULL)),
    PRIMARY KEY (issuer_key_sha256, serial_number)
  ) ${strict}`,
  `CREATE INDEX issued_certificate_revoked ON issued_certificate (issuer_key_sha256)
    WHERE revoked_at_ms IS NOT NULL`,
  `CREATE TABLE crl_number (
    issuer_key_sha256 ${text} NOT NULL PRIMARY KEY,
    last_number ${integer} NOT NULL
  ) ${strictByKey}`,
  `CREATE TABLE end_entity (
    kind ${text} NOT NULL,
    common_name_key ${text} NOT NULL,
    operator_id ${text} NOT NULL,
    registration ${text} NOT NULL,
    registered_at_ms ${integer} NOT NULL,
    PRIMARY KEY (kind, common_name_key)
  ) ${strictByKey}`,
  `CREATE INDEX end_entity_by_operator ON end_entity (kind, operator_id)`,
]
