import { type Clock, base64FromBytes, bytesFromBase64, messageOf, systemClock } from '#base'

import { EmulatorError } from './errors.ts'
import { answerCheck, BootNotificationResponse, Get15118EVCertificateResponse } from './ocpp-answers.ts'
import { type GatewayAccess, RpcConnection } from './rpc-connection.ts'

/** V2G_SECC_MSG_CERTINSTALL_TIME (V2G2-917): what a charge point has to answer its vehicle. */
export const INSTALLATION_TIMEOUT_MS = 4_500

/** For a BootNotification that leaves the interval to the station (0). */
const HEARTBEAT_SECONDS_DEFAULT = 300
const HEARTBEAT_SECONDS_MAX = 86_400
/** EVerest's buffer for a V2G message; OCPP's 17,000 characters would be more. */
const EXI_BYTES_MAX = 16_384

const checkBoot = answerCheck(BootNotificationResponse)
const checkInstallation = answerCheck(Get15118EVCertificateResponse)

/** The payload of Get15118EVCertificate; `exiRequest` is base64. */
export interface InstallationCall {
  readonly iso15118SchemaVersion: string
  readonly action: 'Install' | 'Update'
  readonly exiRequest: string
}

/**
 * A charge point of OCPP 2.0.1 with one EVSE: connected, booted, beating its heart until it is disposed. It serves one
 * vehicle at a time; further calls wait.
 */
export class ChargePoint implements AsyncDisposable {
  readonly identity: string
  readonly #connection: RpcConnection
  readonly #clock: Clock
  #heartbeat: NodeJS.Timeout | undefined

  private constructor(identity: string, connection: RpcConnection, clock: Clock) {
    this.identity = identity
    this.#connection = connection
    this.#clock = clock
  }

  /**
   * Opens the WebSocket. Nothing is sent before {@link boot}.
   *
   * @throws {EmulatorError} ERR_CHARGE_POINT_CONNECT, ERR_CHARGE_POINT_UNAUTHORIZED
   */
  static async connect(gateway: GatewayAccess, clock: Clock = systemClock): Promise<ChargePoint> {
    return new ChargePoint(gateway.identity, await RpcConnection.open(gateway), clock)
  }

  /**
   * Announces the station and its connector, then keeps the rhythm the gateway asks for, whose seconds it gives back.
   *
   * @throws {EmulatorError} ERR_CHARGE_POINT_BOOT unless accepted; the codes of a call that fails
   */
  async boot(): Promise<number> {
    const answer = checkBoot(
      await this.#connection.call('BootNotification', {
        reason: 'PowerUp',
        chargingStation: { model: 'Emulator', vendorName: 'EVouch' },
      }),
    )
    if (answer.status !== 'Accepted') {
      throw new EmulatorError('ERR_CHARGE_POINT_BOOT', `BootNotification ${answer.status}`, {
        detail: answer.status,
      })
    }
    await this.#connection.call('StatusNotification', {
      timestamp: new Date(this.#clock()).toISOString(),
      connectorStatus: 'Available',
      evseId: 1,
      connectorId: 1,
    })
    const seconds =
      answer.interval > 0 ? Math.min(answer.interval, HEARTBEAT_SECONDS_MAX) : HEARTBEAT_SECONDS_DEFAULT
    this.#heartbeat = setInterval(() => void this.#beat(), seconds * 1_000)
    return seconds
  }

  /**
   * Hands the vehicle's request on and gives back the answer, both EXI as they are.
   *
   * @throws {EmulatorError} ERR_CHARGE_POINT_TIMEOUT after 4.5 s, ERR_CHARGE_POINT_FAILED for status Failed,
   *   ERR_CHARGE_POINT_ANSWER, and the codes of a call that fails
   */
  async installCertificate(call: InstallationCall): Promise<Uint8Array> {
    const { status, exiResponse, statusInfo } = checkInstallation(
      await this.#connection.call('Get15118EVCertificate', call, INSTALLATION_TIMEOUT_MS),
    )
    if (status === 'Failed') {
      const { reasonCode = 'no reason given', additionalInfo = '' } = statusInfo ?? {}
      throw new EmulatorError(
        'ERR_CHARGE_POINT_FAILED',
        `Get15118EVCertificate Failed: ${[reasonCode, additionalInfo].filter(Boolean).join(', ')}`,
        { detail: statusInfo?.reasonCode },
      )
    }
    try {
      return bytesFromBase64(exiResponse, EXI_BYTES_MAX)
    } catch (error) {
      throw new EmulatorError('ERR_CHARGE_POINT_ANSWER', `exiResponse: ${messageOf(error)}`, { cause: error })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#heartbeat)
    await this.#connection[Symbol.asyncDispose]()
  }

  async #beat(): Promise<void> {
    try {
      await this.#connection.call('Heartbeat', {})
    } catch {
      // Whoever needs the connection next learns the same; it is being re-established meanwhile.
    }
  }
}

/** The call that asks for a contract with an EXI request of ISO 15118-2. */
export function installationCall(exiRequest: Uint8Array, iso15118SchemaVersion: string): InstallationCall {
  return { iso15118SchemaVersion, action: 'Install', exiRequest: base64FromBytes(exiRequest) }
}
