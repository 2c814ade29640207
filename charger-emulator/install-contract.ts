import type { ThrowawayPki, VehicleCredentials } from '#pki'

import { ChargePoint } from './charge-point.ts'
import { type Fault, FAULTS, type FaultName, faultyCall } from './faults.ts'
import type { InstalledContract } from './installation.ts'
import { type EmulatorPorts, systemPorts } from './ports.ts'
import type { GatewayAccess } from './rpc-connection.ts'
import { type OnStep, type RunStep, stepRunner } from './steps.ts'
import { Vehicle } from './vehicle.ts'

/**
 * The whole of it once: a charge point goes on line, a vehicle plugs in, asks for its contract and checks what comes.
 *
 * With a `fault` the installation is expected to be refused, with one of `FAULTS[fault].expected`.
 *
 * @throws {EmulatorError} the first thing that went wrong, or was refused; {PkiError} when `readPki` fails
 */
export async function installContract({
  gateway,
  credentials,
  fault,
  readPki = () => Promise.reject(new TypeError('this fault needs the PKI of the vehicle')),
  onStep,
  ports = systemPorts,
}: {
  readonly gateway: GatewayAccess
  readonly credentials: VehicleCredentials
  readonly fault?: FaultName | undefined
  /** The PKI the vehicle comes from; some faults need it. */
  readonly readPki?: () => Promise<ThrowawayPki>
  readonly onStep?: OnStep | undefined
  readonly ports?: EmulatorPorts
}): Promise<InstalledContract> {
  const plan = fault === undefined ? undefined : FAULTS[fault]
  const onBoard = (await plan?.credentials?.({ credentials, ports, readPki })) ?? credentials
  const runStep = stepRunner({ stopwatch: ports.stopwatch, onStep })
  await using chargePoint = await startChargePoint(gateway, runStep, ports)
  return await installAt(chargePoint, new Vehicle(onBoard, ports), { fault: plan, onStep, ports })
}

async function startChargePoint(
  gateway: GatewayAccess,
  runStep: RunStep,
  { clock }: EmulatorPorts,
): Promise<ChargePoint> {
  const chargePoint = await runStep(
    'connected',
    () => ChargePoint.connect(gateway, clock),
    () => `connected charge point ${gateway.identity} to ${gateway.url}`,
  )
  try {
    await runStep(
      'booted',
      () => chargePoint.boot(),
      (seconds) => `booted: BootNotification accepted, a heartbeat every ${seconds} s`,
    )
    return chargePoint
  } catch (error) {
    await chargePoint[Symbol.asyncDispose]()
    throw error
  }
}

/** One installation at a charge point that is on line. */
export async function installAt(
  chargePoint: ChargePoint,
  vehicle: Vehicle,
  {
    fault,
    onStep,
    ports,
  }: {
    readonly fault?: Fault | undefined
    readonly onStep?: OnStep | undefined
    readonly ports: EmulatorPorts
  },
): Promise<InstalledContract> {
  const installation = await vehicle.startInstallation({ onStep })
  const call = await faultyCall(fault, installation.request, vehicle)
  const answer = await stepRunner({ stopwatch: ports.stopwatch, onStep })(
    'answered',
    () => chargePoint.installCertificate(call),
    (exi) => `got ${exi.length} bytes of EXI through the gateway: Get15118EVCertificate Accepted`,
  )
  return installation.finish(answer)
}
