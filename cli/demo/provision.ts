import { base64FromBytes, hexFromBytes } from '#base'
import { ISO2_NAMESPACE, OpcpClient, type Role } from '#opcp'
import { type ThrowawayPki, type VehicleCredentials } from '#pki'

import { type Endpoints } from './endpoints.ts'

/** A contract of the demo runs this long, within the life of the MO's sub CA. */
const CONTRACT_MS = 365 * 86_400_000

/** The clients of the pools, one for each role, as the endpoints describe them. */
export function openClient(
  { central, clients }: Endpoints,
  { role, certificateAuthorities }: { readonly role: Role; readonly certificateAuthorities: string },
): OpcpClient {
  const { clientId, clientSecret } = clients[role]
  return new OpcpClient({ ...central, clientId, clientSecret, certificateAuthorities })
}

/** ADMIN puts the roots of the PKI into the RCP. Repeating it changes nothing. */
export async function publishRoots(admin: OpcpClient, pki: ThrowawayPki): Promise<void> {
  for (const rootType of ['V2G', 'OEM', 'MO'] as const) {
    const { certificate } = pki[ROOT_MEMBER[rootType]]
    // oxlint-disable-next-line no-await-in-loop -- three calls, and in this order in the pool's log
    await admin.putRootCert({ caCertificate: base64FromBytes(certificate.der), rootType })
  }
}

const ROOT_MEMBER = { V2G: 'v2g/root', OEM: 'oem/root', MO: 'mo/root' } as const

/** The OEM puts a vehicle's provisioning certificate into the PCP. Repeating it changes nothing. */
export async function registerVehicle(oem: OpcpClient, vehicle: VehicleCredentials): Promise<void> {
  await oem.putProvCert({
    vehicleCertificate: base64FromBytes(vehicle.certificate.der),
    subCA1Certificate: base64FromBytes(vehicle.sub1.der),
    subCA2Certificate: base64FromBytes(vehicle.sub2.der),
    xsdMsgDefNamespace: ISO2_NAMESPACE,
    v2gRootAuthorityKeyIdentifiers: vehicle.v2gRoots.flatMap(({ subjectKeyIdentifier }) =>
      subjectKeyIdentifier === undefined ? [] : [colonHex(subjectKeyIdentifier)],
    ),
  })
}

/**
 * The MO has the operator make a contract, sign it for the vehicle and store it. Repeating it renews the contract: new
 * key, new certificate.
 */
export async function orderContract(
  mo: OpcpClient,
  { pcid, emaid, nowMs }: { readonly pcid: string; readonly emaid: string; readonly nowMs: number },
): Promise<void> {
  await mo.generateSignedContractData({
    contractBegins: new Date(nowMs).toISOString(),
    contractEnds: new Date(nowMs + CONTRACT_MS).toISOString(),
    emaid,
    pcid,
    xsdMsgDefNamespace: ISO2_NAMESPACE,
  })
}

function colonHex(bytes: Uint8Array): string {
  return hexFromBytes(bytes).replace(/..(?=.)/g, '$&:')
}
