import { hexFromBytes } from '#base'
import {
  encodeV2gMessage,
  parsePcid,
  type Pcid,
  signCertificateInstallationReq,
  type V2gMessage,
} from '#iso15118'
import { readVehicle, softwareSigner, type VehicleCredentials } from '#pki'

import { Installation } from './installation.ts'
import { type EmulatorPorts, systemPorts } from './ports.ts'
import { type OnStep, stepRunner } from './steps.ts'

/** V2G2-879: sessions are named by 8 bytes. */
const SESSION_ID_BYTES = 8

/** An electric vehicle that speaks ISO 15118-2 and looks for a contract. */
export class Vehicle {
  readonly credentials: VehicleCredentials
  readonly pcid: Pcid
  readonly #ports: EmulatorPorts

  /** @throws {IdentifierError} ERR_IDENTIFIER_PCID */
  constructor(credentials: VehicleCredentials, ports: EmulatorPorts = systemPorts) {
    this.credentials = credentials
    this.pcid = parsePcid(credentials.pcid)
    this.#ports = ports
  }

  /**
   * Reads a directory of `vehicles` as `evouch pki create` writes them.
   *
   * @throws {PkiError} naming the file; {IdentifierError} ERR_IDENTIFIER_PCID
   */
  static async read(directory: string, ports: EmulatorPorts = systemPorts): Promise<Vehicle> {
    return new Vehicle(await readVehicle(directory), ports)
  }

  /**
   * Begins a session: a CertificateInstallationReq with a fresh session id, signed with the provisioning key, that
   * names the V2G roots the vehicle holds. One vehicle may have any number of installations under way.
   */
  async startInstallation({ onStep }: { readonly onStep?: OnStep | undefined } = {}): Promise<Installation> {
    const { privateKey, v2gRoots, certificate } = this.credentials
    const sessionId = this.#ports.random(SESSION_ID_BYTES)
    const runStep = stepRunner({ stopwatch: this.#ports.stopwatch, onStep })
    const request = await runStep(
      'request-signed',
      async () => encodeV2gMessage(await this.#request(sessionId)),
      (exi) =>
        `signed a CertificateInstallationReq (${exi.length} bytes of EXI, session ${hexFromBytes(sessionId)}) ` +
        `with the key of ${certificate.distinguishedName}, issued by ${certificate.issuer.text}`,
    )
    return new Installation({ request, sessionId, privateKey, v2gRoots, runStep, ports: this.#ports })
  }

  #request(sessionId: Uint8Array): Promise<V2gMessage> {
    const { certificate, privateKey, v2gRoots } = this.credentials
    const RootCertificateID = v2gRoots.map((root) => ({
      X509IssuerName: root.issuer.text,
      X509SerialNumber: BigInt(`0x${root.serialNumberHex}`),
    }))
    return signCertificateInstallationReq({
      sessionId,
      request: { OEMProvisioningCert: certificate.der, ListOfRootCertificateIDs: { RootCertificateID } },
      signer: softwareSigner(privateKey),
    })
  }
}
