import type { Migration } from '../ddl.ts'

export const keepTrustLists: Migration = ({ text, integer, bytes, strict }) => [
  `CREATE TABLE trust_list (
    sequence ${integer} NOT NULL PRIMARY KEY,
    list ${text} NOT NULL,
    hash ${text} NOT NULL,
    signer_certificate ${bytes} NOT NULL,
    published_at_ms ${integer} NOT NULL,
    next_update_ms ${integer} NOT NULL
  ) ${strict}`,
]
