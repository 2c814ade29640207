import type { Migration } from '../ddl.ts'

/** The last CRL with such a number; all of it NULL as long as none is signed. */
export const keepLastCrl: Migration = ({ text, integer, bytes }) =>
  [
    `crl ${bytes}`,
    `signed_number ${integer}`,
    `ca_certificate_sha256 ${text}`,
    `signed_at_ms ${integer}`,
    `next_update_ms ${integer}`,
    `revocations ${integer}`,
  ].map((column) => `ALTER TABLE crl_number ADD COLUMN ${column}`)
