import type { Migration } from '../ddl.ts'

export const indexForSweeps: Migration = () => [
  `CREATE INDEX contract_bundle_by_end ON contract_bundle (valid_to_ms, emaid_key)`,
]
