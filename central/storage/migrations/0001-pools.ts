import type { Migration } from '../ddl.ts'

export const createPools: Migration = ({ text, integer, bytes, strict, strictByKey }) => [
  `CREATE TABLE root (
    id ${text} NOT NULL PRIMARY KEY,
    fingerprint ${text} NOT NULL,
    root_type ${text} NOT NULL CHECK (root_type IN ('MO', 'V2G', 'OEM', 'PE')),
    certificate ${bytes} NOT NULL,
    added_at_ms ${integer} NOT NULL,
    UNIQUE (fingerprint, root_type)
  ) ${strict}`,
  `CREATE TABLE provisioning_certificate (
    pcid_key ${text} NOT NULL,
    namespace ${text} NOT NULL,
    signature_algorithm ${text} NOT NULL,
    pcid ${text} NOT NULL,
    vehicle_certificate ${bytes} NOT NULL,
    sub_ca1_certificate ${bytes} NOT NULL,
    sub_ca2_certificate ${bytes},
    public_key_sha256 ${text} NOT NULL,
    v2g_root_key_ids ${text} NOT NULL,
    previous_pcid ${text},
    stored_at_ms ${integer} NOT NULL,
    PRIMARY KEY (pcid_key, namespace, signature_algorithm)
  ) ${strictByKey}`,
  `CREATE TABLE pairing (
    emaid_key ${text} NOT NULL PRIMARY KEY,
    pcid_key ${text} NOT NULL,
    UNIQUE (emaid_key, pcid_key)
  ) ${strictByKey}`,
  `CREATE INDEX pairing_by_vehicle ON pairing (pcid_key)`,
  `CREATE TABLE contract_bundle (
    emaid_key ${text} NOT NULL,
    namespace ${text} NOT NULL,
    root_fingerprint ${text} NOT NULL,
    contract_root_fingerprint ${text} NOT NULL,
    emaid ${text} NOT NULL,
    pcid_key ${text} NOT NULL,
    public_key_sha256 ${text} NOT NULL,
    valid_from_ms ${integer} NOT NULL,
    valid_to_ms ${integer} NOT NULL,
    meta_data ${text},
    stored_at_ms ${integer} NOT NULL,
    contract_certificate ${bytes} NOT NULL,
    response ${bytes} NOT NULL,
    signed_xml ${text} NOT NULL,
    PRIMARY KEY (emaid_key, namespace, root_fingerprint),
    FOREIGN KEY (emaid_key, pcid_key) REFERENCES pairing (emaid_key, pcid_key)
  ) ${strict}`,
  `CREATE INDEX contract_bundle_by_vehicle ON contract_bundle (pcid_key, namespace)`,
  `CREATE TABLE default_contract (
    pcid_key ${text} NOT NULL,
    namespace ${text} NOT NULL,
    emaid_key ${text} NOT NULL,
    PRIMARY KEY (pcid_key, namespace),
    FOREIGN KEY (emaid_key, pcid_key) REFERENCES pairing (emaid_key, pcid_key)
  ) ${strictByKey}`,
]
