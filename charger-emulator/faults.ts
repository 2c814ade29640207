/** Ways to misbehave on purpose, each with the refusal it must meet: to rehearse what operators and tests rely on. */
import { generateKeyPairSync } from 'node:crypto'

import { decodeV2gMessage, encodeV2gMessage, ISO2_MSG_DEF, type V2gMessage } from '#iso15118'
import { createThrowawayPki, issueVehicle, type ThrowawayPki, type VehicleCredentials } from '#pki'

import { type InstallationCall, installationCall } from './charge-point.ts'
import type { EmulatorErrorCode } from './errors.ts'
import type { EmulatorPorts } from './ports.ts'
import type { Vehicle } from './vehicle.ts'

export interface Fault {
  /** What is done wrong, for the help text. */
  readonly description: string
  /** Who refuses, and how, for people. */
  readonly refusedBy: string
  /** The codes an installation with this fault may end in; any other end means that a check is missing. */
  readonly expected: readonly EmulatorErrorCode[]
  /** Replaces what the vehicle has on board. */
  readonly credentials?: (context: FaultContext) => Promise<VehicleCredentials>
  /** Replaces the vehicle's request, after it was signed. */
  readonly request?: (request: Uint8Array, vehicle: Vehicle) => Uint8Array | Promise<Uint8Array>
  /** Replaces the charge point's call. */
  readonly call?: (call: InstallationCall) => InstallationCall
}

interface FaultContext {
  readonly credentials: VehicleCredentials
  readonly ports: EmulatorPorts
  /** The PKI the vehicle comes from, for faults that need another certificate of it. */
  readonly readPki: () => Promise<ThrowawayPki>
}

/** Refused at the edge with Failed, or by the pools with a negative answer: which one depends on what the edge knows. */
const GATEWAY_OR_POOLS = ['ERR_CHARGE_POINT_FAILED', 'ERR_VEHICLE_RESPONSE_CODE'] as const
const GATEWAY = ['ERR_CHARGE_POINT_FAILED'] as const

/** Over every limit of exiRequest (11,000 characters in OCPP 2.1), below that of a frame. */
const OVERSIZED_CHARACTERS = 40_000
/** More than any gateway lets a frame have; a good one closes the connection before it has read it all. */
const HUGE_CHARACTERS = 4 * 1024 * 1024

const FAULT_TABLE = {
  'wrong-key': {
    description: 'sign with a key that is not that of the provisioning certificate',
    refusedBy: 'gateway: the signature of the request does not verify',
    expected: GATEWAY_OR_POOLS,
    credentials: async ({ credentials }) => ({
      ...credentials,
      privateKey: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
    }),
  },
  'bit-flip': {
    description: 'change one bit of the request after signing it',
    refusedBy: 'gateway: a digest differs',
    expected: GATEWAY_OR_POOLS,
    request: (request) => withMessage(request, flipSerialNumberBit),
  },
  unsigned: {
    description: 'leave the signature out',
    refusedBy: 'gateway: the request is not signed',
    expected: GATEWAY_OR_POOLS,
    request: (request) =>
      withMessage(request, ({ Header, Body }) => ({ Header: { SessionID: Header.SessionID }, Body })),
  },
  'expired-certificate': {
    description: 'use a provisioning certificate that has expired',
    refusedBy: 'gateway: the certificate is not valid any more',
    expected: GATEWAY_OR_POOLS,
    credentials: async ({ credentials }) => ({ ...credentials, certificate: credentials.expiredCertificate }),
  },
  'foreign-oem': {
    description: 'use a provisioning certificate of an OEM that nobody knows',
    refusedBy: 'gateway or pools: the chain leads to no OEM root of the root certificate pool',
    expected: GATEWAY_OR_POOLS,
    credentials: async ({ credentials, ports }) => ({
      ...(await issueVehicle(await createThrowawayPki(ports), { pcid: credentials.pcid, ...ports })),
      v2gRoots: credentials.v2gRoots,
    }),
  },
  'not-oem': {
    description: 'sign with the certificate and key of a CPS, which is no vehicle',
    refusedBy: 'gateway: no provisioning certificate',
    expected: GATEWAY_OR_POOLS,
    credentials: async ({ credentials, readPki }) => ({ ...credentials, ...(await readPki())['cps/leaf'] }),
  },
  'unknown-pcid': {
    description: 'use a genuine provisioning certificate of a vehicle that no contract was made for',
    refusedBy: 'contract certificate pool: FAILED_NoCertificateAvailable',
    expected: ['ERR_VEHICLE_RESPONSE_CODE'],
    credentials: async ({ credentials, ports, readPki }) =>
      issueVehicle(await readPki(), { pcid: strangerOf(credentials.pcid, ports), ...ports }),
  },
  'foreign-root': {
    description: 'be a vehicle that trusts another V2G root only',
    refusedBy: 'pools (no contract under that root) or vehicle (the CPS chain leads elsewhere)',
    expected: ['ERR_VEHICLE_CPS_CHAIN', 'ERR_VEHICLE_RESPONSE_CODE'],
    credentials: async ({ credentials, ports }) => {
      const { certificate } = (await createThrowawayPki(ports))['v2g/root']
      return { ...credentials, v2gRoots: [certificate] }
    },
  },
  replay: {
    description: 'hand on a recorded request of an earlier session instead of the present one',
    refusedBy: 'vehicle: the answer belongs to another session',
    expected: ['ERR_VEHICLE_SESSION'],
    request: async (_request, vehicle) => (await vehicle.startInstallation()).request,
  },
  'wrong-message': {
    description: 'send a SessionStopReq in place of a CertificateInstallationReq',
    refusedBy: 'gateway: another message than it terminates',
    expected: GATEWAY_OR_POOLS,
    request: (request) =>
      withMessage(request, ({ Header }) => ({
        Header: { SessionID: Header.SessionID },
        Body: { SessionStopReq: { ChargingSession: 'Terminate' } },
      })),
  },
  'truncated-exi': {
    description: 'send the first half of the request',
    refusedBy: 'gateway: the EXI ends early',
    expected: GATEWAY,
    request: (request) => request.subarray(0, request.length >> 1),
  },
  'not-exi': {
    description: 'send bytes that are no EXI',
    refusedBy: 'gateway: no EXI of ISO 15118-2',
    expected: GATEWAY,
    request: (request) => request.map((byte, at) => byte ^ (0x5a + at)),
  },
  'not-base64': {
    description: 'send text that is not base64',
    refusedBy: 'gateway: no base64',
    expected: GATEWAY,
    call: (call) => ({ ...call, exiRequest: `${call.exiRequest.slice(0, -4)}*-_?` }),
  },
  'wrong-schema': {
    description: 'name a schema that does not exist',
    refusedBy: 'gateway: schema not supported',
    expected: GATEWAY,
    call: (call) => ({ ...call, iso15118SchemaVersion: 'urn:iso:15118:2:1999:MsgDef' }),
  },
  oversized: {
    description: `send ${OVERSIZED_CHARACTERS} characters, more than OCPP allows`,
    refusedBy: 'gateway: request too long',
    expected: ['ERR_CHARGE_POINT_FAILED', 'ERR_CHARGE_POINT_CALL_ERROR'],
    call: (call) => ({ ...call, exiRequest: call.exiRequest.padEnd(OVERSIZED_CHARACTERS, 'AAAA') }),
  },
  'huge-frame': {
    description: 'send a WebSocket frame of 4 MiB',
    refusedBy: 'gateway: closes the connection',
    expected: ['ERR_CHARGE_POINT_CLOSED'],
    call: (call) => ({ ...call, exiRequest: 'A'.repeat(HUGE_CHARACTERS) }),
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof FAULT_TABLE

/** Every fault there is, by the name that `--fault` takes. */
export const FAULTS: Readonly<Record<FaultName, Fault>> = FAULT_TABLE

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(FAULTS, name)
}

/** The call for an installation, with what the fault makes of it. */
export async function faultyCall(
  fault: Fault | undefined,
  request: Uint8Array,
  vehicle: Vehicle,
): Promise<InstallationCall> {
  const sent = fault?.request === undefined ? request : await fault.request(request, vehicle)
  const call = installationCall(sent, ISO2_MSG_DEF)
  return fault?.call === undefined ? call : fault.call(call)
}

function withMessage(exi: Uint8Array, change: (message: V2gMessage) => V2gMessage): Uint8Array {
  return encodeV2gMessage(change(decodeV2gMessage(exi).message))
}

/** In the list of roots, where nothing but the signature can notice. */
function flipSerialNumberBit({ Header, Body }: V2gMessage): V2gMessage {
  const request = Body.CertificateInstallationReq
  if (request === undefined) return { Header, Body }
  const RootCertificateID = request.ListOfRootCertificateIDs.RootCertificateID.map((root) => ({
    ...root,
    X509SerialNumber: root.X509SerialNumber ^ 1n,
  }))
  return {
    Header,
    Body: { CertificateInstallationReq: { ...request, ListOfRootCertificateIDs: { RootCertificateID } } },
  }
}

/** A PCID of the same manufacturer that no other vehicle has. */
function strangerOf(pcid: string, { random }: EmulatorPorts): string {
  const digits = Array.from(random(pcid.length - 3), (byte) => (byte % 36).toString(36))
  return `${pcid.slice(0, 3)}${digits.join('')}`.toUpperCase()
}
