import type { KeyObject } from 'node:crypto'

import { CodedError, codeOf, equalBytes, messageOf } from '#base'
import {
  type CertificateInstallationResType,
  decodeV2gMessage,
  decryptContractKey,
  encodeV2gMessage,
  parseEmaid,
  signAuthorizationReq,
  type V2gMessage,
  verifyContractData,
  verifyMessageSignature,
} from '#iso15118'
import { type Certificate, parseCertificate, softwareSigner, validatePath, verifierOf } from '#pki'

import { EmulatorError, type EmulatorErrorCode } from './errors.ts'
import type { EmulatorPorts } from './ports.ts'
import type { RunStep } from './steps.ts'

/** A contract the vehicle has checked and can use. */
export interface InstalledContract {
  /** As issued, without hyphens. */
  readonly emaid: string
  readonly certificate: Certificate
  /** Towards the MO root, which is not among them. */
  readonly subCertificates: readonly Certificate[]
  readonly privateKey: KeyObject
  /** Who vouched for it: CPS leaf first, the vehicle's V2G root last. */
  readonly cpsPath: readonly Certificate[]
}

/** V2G2-825: GenChallenge has 16 bytes. */
const CHALLENGE_BYTES = 16

/** One session of a vehicle: a request that went out and the answer it waits for. */
export class Installation {
  /** The CertificateInstallationReq, EXI as it goes to the charge point. */
  readonly request: Uint8Array
  readonly #sessionId: Uint8Array
  readonly #privateKey: KeyObject
  readonly #v2gRoots: readonly Certificate[]
  readonly #runStep: RunStep
  readonly #ports: EmulatorPorts

  constructor(session: {
    readonly request: Uint8Array
    readonly sessionId: Uint8Array
    readonly privateKey: KeyObject
    readonly v2gRoots: readonly Certificate[]
    readonly runStep: RunStep
    readonly ports: EmulatorPorts
  }) {
    this.request = session.request
    this.#sessionId = session.sessionId
    this.#privateKey = session.privateKey
    this.#v2gRoots = session.v2gRoots
    this.#runStep = session.runStep
    this.#ports = session.ports
  }

  /**
   * Checks an answer as a vehicle must before it trusts a contract, step by step, and opens the contract key.
   *
   * @throws {EmulatorError} ERR_VEHICLE_*: the first check that failed
   */
  async finish(answer: Uint8Array): Promise<InstalledContract> {
    const { message, response } = await this.#runStep(
      'answer-read',
      () => this.#read(answer),
      () => `read a CertificateInstallationRes of the same session with ResponseCode OK`,
    )
    const { cps, contract } = await this.#runStep(
      'signature-verified',
      () => verifyParts(message, response),
      (parties) =>
        `found all four parts of the contract data signed by ${parties.cps.leaf.distinguishedName}`,
    )
    const cpsPath = await this.#runStep(
      'cps-chain-verified',
      () => this.#pathOf(cps),
      (path) => `followed the CPS certificate to a V2G root it holds: ${path.map(nameOf).join(' → ')}`,
    )
    const emaid = await this.#runStep(
      'contract-matched',
      () => emaidOf(response, contract.leaf),
      (matched) =>
        `matched eMAID ${matched} with the contract certificate, valid until ${dayOf(contract.leaf)}`,
    )
    const privateKey = await this.#runStep(
      'key-decrypted',
      () => this.#decrypt(response, contract.leaf),
      () =>
        'decrypted the contract key with its own provisioning key: it is the key of the contract certificate',
    )
    await this.#runStep(
      'key-proven',
      () => this.#prove(privateKey, contract.leaf),
      () => 'signed an AuthorizationReq with the contract key and verified it with the contract certificate',
    )
    return { emaid, certificate: contract.leaf, subCertificates: contract.subs, privateKey, cpsPath }
  }

  #read(answer: Uint8Array): { message: V2gMessage; response: CertificateInstallationResType } {
    const { message } = refusing('ERR_VEHICLE_ANSWER', () => decodeV2gMessage(answer))
    if (!equalBytes(message.Header.SessionID, this.#sessionId)) {
      throw new EmulatorError('ERR_VEHICLE_SESSION', 'the answer has the session id of another session')
    }
    const response = message.Body.CertificateInstallationRes
    if (response === undefined) {
      throw new EmulatorError(
        'ERR_VEHICLE_ANSWER',
        `the answer is a ${Object.keys(message.Body).join()} message`,
      )
    }
    const { ResponseCode } = response
    if (!ResponseCode.startsWith('OK')) {
      throw new EmulatorError('ERR_VEHICLE_RESPONSE_CODE', `negative answer: ${ResponseCode}`, {
        detail: ResponseCode,
      })
    }
    return { message, response }
  }

  #pathOf({ leaf, subs }: Chain): readonly Certificate[] {
    const verdict = validatePath({
      leaf,
      intermediates: subs,
      roots: this.#v2gRoots,
      atMs: this.#ports.clock(),
      use: 'cps',
      algorithms: ['ecdsa-p256-sha256'],
    })
    if (verdict.valid) return verdict.path
    throw new EmulatorError('ERR_VEHICLE_CPS_CHAIN', verdict.message, { detail: verdict.code })
  }

  #decrypt(response: CertificateInstallationResType, contract: Certificate): KeyObject {
    return refusing('ERR_VEHICLE_CONTRACT_KEY', () =>
      decryptContractKey({
        vehiclePrivateKey: this.#privateKey,
        dhPublicKey: response.DHpublickey.$value,
        encryptedPrivateKey: response.ContractSignatureEncryptedPrivateKey.$value,
        contractPublicKey: contract.publicKey,
      }),
    )
  }

  /** What the vehicle does with the contract next: answer the charge point's challenge. */
  async #prove(privateKey: KeyObject, contract: Certificate): Promise<void> {
    const signed = await signAuthorizationReq({
      sessionId: this.#sessionId,
      genChallenge: this.#ports.random(CHALLENGE_BYTES),
      signer: softwareSigner(privateKey),
    })
    const { message } = decodeV2gMessage(encodeV2gMessage(signed))
    const verdict = verifyMessageSignature({ message, verifier: verifierOf(contract) })
    if (!verdict.valid) {
      throw new EmulatorError('ERR_VEHICLE_CONTRACT_KEY', verdict.message, { detail: verdict.code })
    }
  }
}

interface Chain {
  readonly leaf: Certificate
  readonly subs: readonly Certificate[]
}

function verifyParts(
  message: V2gMessage,
  response: CertificateInstallationResType,
): { readonly cps: Chain; readonly contract: Chain } {
  const cps = refusing('ERR_VEHICLE_ANSWER', () => chainOf(response.SAProvisioningCertificateChain))
  const contract = refusing('ERR_VEHICLE_ANSWER', () => chainOf(response.ContractSignatureCertChain))
  const verifier = refusing('ERR_VEHICLE_ANSWER', () => verifierOf(cps.leaf))
  const verdict = verifyContractData({ message, verifier })
  if (verdict.valid) return { cps, contract }
  throw new EmulatorError('ERR_VEHICLE_SIGNATURE', verdict.message, { detail: verdict.code })
}

function chainOf(chain: CertificateInstallationResType['ContractSignatureCertChain']): Chain {
  return {
    leaf: parseCertificate(chain.Certificate),
    subs: (chain.SubCertificates?.Certificate ?? []).map((der) => parseCertificate(der)),
  }
}

function emaidOf({ eMAID }: CertificateInstallationResType, contract: Certificate): string {
  const emaid = refusing('ERR_VEHICLE_EMAID', () => parseEmaid(eMAID.$value))
  const named = refusing('ERR_VEHICLE_EMAID', () => parseEmaid(contract.commonName ?? ''))
  if (emaid.key !== named.key) {
    throw new EmulatorError(
      'ERR_VEHICLE_EMAID',
      `eMAID ${emaid.key}, but the certificate is for ${named.key}`,
    )
  }
  return emaid.asIssued
}

/** Turns the refusal of a library into the step's own, with the library's code as detail. */
function refusing<T>(code: EmulatorErrorCode, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof CodedError)) throw error
    throw new EmulatorError(code, messageOf(error), { detail: codeOf(error), cause: error })
  }
}

function nameOf({ commonName, distinguishedName }: Certificate): string {
  return commonName ?? distinguishedName
}

function dayOf({ validToMs }: Certificate): string {
  return new Date(validToMs).toISOString().slice(0, 10)
}
