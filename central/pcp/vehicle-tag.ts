import { base64FromBytes } from '#base'

import { entityTagOf } from '../http/entity-tag.ts'
import type { ProvisioningEntry } from './provisioning-store.ts'

/** What is stored of a vehicle, whenever it was. */
export type ProvisioningContent = Omit<ProvisioningEntry, 'storedAtMs'>

/** The entity tag of what is stored of a vehicle: putting the same again does not change it. */
export function vehicleTag(content: ProvisioningContent): string {
  const { vehicleCertificate, subCa1Certificate, subCa2Certificate } = content
  return entityTagOf([
    content.pcid,
    content.namespace,
    [vehicleCertificate, subCa1Certificate, subCa2Certificate].map((der) => der && base64FromBytes(der)),
    content.v2gRootKeyIds,
    content.previousPcid,
  ])
}
