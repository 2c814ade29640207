import type { Migration } from '../ddl.ts'

export const keepVehicleRecords: Migration = ({ text, integer, bytes, strict }) => [
  // What remains of a vehicle; the certificates go when they cannot be wanted back any more.
  `CREATE TABLE provisioning_tombstone (
    certificate_sha256 ${text} NOT NULL PRIMARY KEY,
    pcid_sha256 ${text} NOT NULL,
    removed_at_ms ${integer} NOT NULL,
    vehicle_certificate ${bytes},
    sub_ca1_certificate ${bytes},
    sub_ca2_certificate ${bytes}
  ) ${strict}`,
  `CREATE INDEX provisioning_tombstone_by_vehicle ON provisioning_tombstone (pcid_sha256)`,
  `CREATE INDEX provisioning_tombstone_by_time ON provisioning_tombstone (removed_at_ms)`,
]
