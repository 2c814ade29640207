/** A gateway and all pools behind it in one small OCPP server, for tests: checks what it must and answers for real. */
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

import ocppRpc from 'ocpp-rpc'

import { base64FromBytes, bytesFromBase64, codeOf, messageOf, systemClock, systemRandom } from '#base'
import {
  decodeV2gMessage,
  encodeV2gMessage,
  encryptContractKey,
  ISO2_MSG_DEF,
  signContractData,
  type V2gMessage,
  verifyCertificateInstallationReq,
} from '#iso15118'
import {
  authorityOf,
  type Certificate,
  generateP256KeyPair,
  type KeyedCertificate,
  parseCertificate,
  privateKeyPem,
  softwareSigner,
  type ThrowawayPki,
  validatePath,
  verifierOf,
} from '#pki'
import { Secret } from '#service'

import type { GatewayAccess } from '../rpc-connection.ts'

const PASSWORD = 'correct horse battery staple'
const EMAID = 'DE8AAC12345678'
/** Above either leaf that signs in a test. */
const SUBS = ['cps/sub2', 'cps/sub1', 'cpo/sub2', 'cpo/sub1'] as const
const DAY_MS = 86_400_000
const EXI_REQUEST_CHARACTERS_MAX = 5_600
const FRAME_BYTES_MAX = 65_536

export interface SmallGateway extends AsyncDisposable {
  readonly access: GatewayAccess
  /** The calls it got, by action. */
  readonly calls: Map<string, number>
  /** Cuts every connection, as a restart does. */
  disconnectAll(): void
}

export interface SmallGatewayOptions {
  readonly pki: ThrowawayPki
  /** PCIDs with a contract; default: every one. */
  readonly hasContract?: (pcid: string) => boolean
  /** Who signs the contract data; default: the CPS. */
  readonly signedBy?: KeyedCertificate
  /** Whom the contract key is encrypted for; default: the vehicle that asks. */
  readonly encryptedFor?: Certificate
  /** The eMAID that is signed; default: that of the contract certificate. */
  readonly signedEmaid?: string
  /** Changes the signed answer before it is sent. */
  readonly change?: (answer: V2gMessage) => V2gMessage
  /** Answers calls in place of the gateway. */
  readonly answers?: Readonly<Record<string, () => object | Promise<object>>>
  readonly tls?: boolean
}

export async function startSmallGateway(options: SmallGatewayOptions): Promise<SmallGateway> {
  const calls = new Map<string, number>()
  const rpc = new ocppRpc.RPCServer({ protocols: ['ocpp2.0.1'], wssOptions: { maxPayload: FRAME_BYTES_MAX } })
  rpc.auth((accept, reject, { password }) => {
    if (password?.toString() === PASSWORD) accept()
    else reject(401, 'Unauthorized')
  })
  const clients = new Set<InstanceType<typeof ocppRpc.RPCClient>>()
  rpc.on('client', (client: InstanceType<typeof ocppRpc.RPCClient>) => {
    clients.add(client)
    client.handle(async ({ method = '', params }) => {
      calls.set(method, (calls.get(method) ?? 0) + 1)
      return options.answers?.[method]?.() ?? answer(method, params, options)
    })
  })
  const { certificate, privateKey } = options.pki['tls/gateway']
  const http = options.tls
    ? createHttpsServer({ cert: certificate.toPem(), key: privateKeyPem(privateKey) })
    : createHttpServer()
  http.on('upgrade', (request, socket: Socket, head) => void rpc.handleUpgrade(request, socket, head))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    calls,
    disconnectAll() {
      for (const client of clients) void client.close({ code: 1012, force: true })
      clients.clear()
    },
    access: {
      url: `${options.tls ? 'wss' : 'ws'}://127.0.0.1:${portOf(http.address())}/ocpp`,
      identity: 'CP-1',
      password: new Secret(PASSWORD),
      caPem: options.pki['tls/ca'].certificate.toPem(),
    },
    async [Symbol.asyncDispose]() {
      await rpc.close({ force: true })
      http.close()
      await once(http, 'close')
    },
  }
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port')
  return address.port
}

async function answer(method: string, params: unknown, options: SmallGatewayOptions): Promise<object> {
  if (method === 'BootNotification') {
    return { currentTime: new Date().toISOString(), interval: 300, status: 'Accepted' }
  }
  if (method !== 'Get15118EVCertificate') return {}
  try {
    return { status: 'Accepted', exiResponse: await install(Object(params), options) }
  } catch (error) {
    const statusInfo = {
      reasonCode: 'InvalidRequest',
      additionalInfo: `${codeOf(error)}: ${messageOf(error)}`,
    }
    return { status: 'Failed', exiResponse: '', statusInfo }
  }
}

async function install(
  { iso15118SchemaVersion, exiRequest }: { iso15118SchemaVersion: string; exiRequest: string },
  options: SmallGatewayOptions,
): Promise<string> {
  const { pki, hasContract = () => true, change = (message) => message } = options
  if (iso15118SchemaVersion !== ISO2_MSG_DEF || exiRequest.length > EXI_REQUEST_CHARACTERS_MAX) {
    throw new TypeError('schema or length')
  }
  const { message } = decodeV2gMessage(bytesFromBase64(exiRequest, EXI_REQUEST_CHARACTERS_MAX))
  const request = message.Body.CertificateInstallationReq
  if (request === undefined) throw new TypeError('another message')
  const vehicle = parseCertificate(request.OEMProvisioningCert)
  verifyVehicle(message, vehicle, pki)
  const answered = await contractFor(vehicle, message.Header.SessionID, options)
  const known = hasContract(vehicle.commonName ?? '')
  return base64FromBytes(encodeV2gMessage(change(known ? answered : negative(answered))))
}

function verifyVehicle(message: V2gMessage, leaf: Certificate, pki: ThrowawayPki): void {
  const path = validatePath({
    leaf,
    intermediates: [pki['oem/sub1'].certificate, pki['oem/sub2'].certificate],
    roots: [pki['oem/root'].certificate],
    atMs: systemClock(),
    use: 'oem-provisioning',
  })
  if (!path.valid) throw new TypeError(path.code)
  const signature = verifyCertificateInstallationReq({ message, verifier: verifierOf(leaf) })
  if (!signature.valid) throw new TypeError(signature.code)
}

async function contractFor(
  vehicle: Certificate,
  sessionId: Uint8Array,
  { pki, signedBy = pki['cps/leaf'], encryptedFor = vehicle, signedEmaid = EMAID }: SmallGatewayOptions,
): Promise<V2gMessage> {
  const contractKeys = await generateP256KeyPair()
  const nowMs = systemClock()
  const contract = await authorityOf(pki['mo/sub2'], systemRandom).issue({
    profile: 'contract',
    subject: { commonName: EMAID, organizationName: 'MO' },
    publicKey: contractKeys.publicKey,
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + DAY_MS,
  })
  return signContractData({
    sessionId,
    contractData: {
      provisioningChain: chainOf(signedBy.certificate, ...SUBS.map((sub) => pki[sub].certificate)),
      contractChain: chainOf(contract, pki['mo/sub2'].certificate, pki['mo/sub1'].certificate),
      emaid: signedEmaid,
      ...encryptContractKey({
        vehiclePublicKey: encryptedFor.publicKey,
        contractPrivateKey: contractKeys.privateKey,
        random: systemRandom,
      }),
    },
    signer: softwareSigner(signedBy.privateKey),
  })
}

function chainOf({ der }: Certificate, ...subs: readonly Certificate[]) {
  return { Certificate: der, SubCertificates: { Certificate: subs.map((sub) => sub.der) } }
}

function negative({ Header, Body: { CertificateInstallationRes: response } }: V2gMessage): V2gMessage {
  if (response === undefined) throw new TypeError('no response')
  return {
    Header: { SessionID: Header.SessionID },
    Body: { CertificateInstallationRes: { ...response, ResponseCode: 'FAILED_NoCertificateAvailable' } },
  }
}
