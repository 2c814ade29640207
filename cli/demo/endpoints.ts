import { readFile } from 'node:fs/promises'

import { messageOf } from '#base'
import { type Role } from '#opcp'

import { CliError } from '../failure.ts'
import { writePrivateFile } from './private-file.ts'

/** A client of central: its credentials and the identifiers it may speak for (3, 5 and 5 characters). */
export interface ClientEndpoint {
  readonly clientId: string
  readonly clientSecret: string
  readonly wmis: readonly string[]
  readonly providerIds: readonly string[]
  readonly operatorIds: readonly string[]
}

/** What anybody needs to point a client of their own at the running demo: the content of `endpoints.json`. */
export interface Endpoints {
  readonly gateway: {
    /** Without the identity: a charge point connects to this, a slash and its identity. */
    readonly url: string
    readonly identity: string
    readonly passwordFile: string
    /** Further charge points with the same password, for load. */
    readonly loadIdentities: readonly string[]
  }
  readonly central: { readonly baseUrl: string; readonly tokenUrl: string; readonly audience: string }
  /** PEM of the authority that signed the TLS certificates of both. */
  readonly caFile: string
  readonly clients: Readonly<Record<Role, ClientEndpoint>>
  readonly vehicle: {
    readonly pcid: string
    readonly emaid: string
    /** The vehicle as `evouch charger install --vehicle` takes it. */
    readonly directory: string
    readonly certificateFile: string
    readonly privateKeyFile: string
  }
  readonly pkiDirectory: string
}

/** Writes `endpoints.json`, mode 0600: it holds the client secrets. */
export async function writeEndpoints(file: string, endpoints: Endpoints): Promise<void> {
  await writePrivateFile(file, `${JSON.stringify(endpoints, null, 2)}\n`)
}

/** @throws {CliError} ERR_CLI_ENDPOINTS when the file cannot be read or lacks a member, which is named */
export async function readEndpoints(file: string): Promise<Endpoints> {
  try {
    const root = new Members('', JSON.parse(await readFile(file, 'utf8')))
    const [gateway, central, vehicle] = [root.at('gateway'), root.at('central'), root.at('vehicle')]
    return {
      gateway: {
        url: gateway.text('url'),
        identity: gateway.text('identity'),
        passwordFile: gateway.text('passwordFile'),
        loadIdentities: gateway.texts('loadIdentities'),
      },
      central: {
        baseUrl: central.text('baseUrl'),
        tokenUrl: central.text('tokenUrl'),
        audience: central.text('audience'),
      },
      caFile: root.text('caFile'),
      clients: clientsOf(root.at('clients')),
      vehicle: {
        pcid: vehicle.text('pcid'),
        emaid: vehicle.text('emaid'),
        directory: vehicle.text('directory'),
        certificateFile: vehicle.text('certificateFile'),
        privateKeyFile: vehicle.text('privateKeyFile'),
      },
      pkiDirectory: root.text('pkiDirectory'),
    }
  } catch (error) {
    throw new CliError('ERR_CLI_ENDPOINTS', `${file}: ${messageOf(error)}`, { cause: error })
  }
}

function clientsOf(clients: Members): Endpoints['clients'] {
  const client = (role: Role): ClientEndpoint => {
    const members = clients.at(role)
    return {
      clientId: members.text('clientId'),
      clientSecret: members.text('clientSecret'),
      wmis: members.texts('wmis'),
      providerIds: members.texts('providerIds'),
      operatorIds: members.texts('operatorIds'),
    }
  }
  return byRole(client)
}

/** One value for each role of OPCP. */
export function byRole<T>(valueOf: (role: Role) => T): Readonly<Record<Role, T>> {
  return {
    ADMIN: valueOf('ADMIN'),
    OEM: valueOf('OEM'),
    CPO: valueOf('CPO'),
    MO_HUBJECT_PKI: valueOf('MO_HUBJECT_PKI'),
    MO_EXTERNAL_PKI: valueOf('MO_EXTERNAL_PKI'),
    CPS: valueOf('CPS'),
  }
}

/** Members of a JSON object whose absence or wrong type is an error that names them. */
class Members {
  readonly #path: string
  readonly #value: Readonly<Record<string, unknown>>

  constructor(path: string, value: unknown) {
    if (typeof value !== 'object' || value === null)
      throw new TypeError(`${path || 'the file'}: must be an object`)
    this.#path = path
    this.#value = { ...value }
  }

  at(key: string): Members {
    return new Members(this.#pathOf(key), this.#value[key])
  }

  text(key: string): string {
    const value = this.#value[key]
    if (typeof value !== 'string') throw new TypeError(`${this.#pathOf(key)}: must be a string`)
    return value
  }

  texts(key: string): readonly string[] {
    const value = this.#value[key]
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
      throw new TypeError(`${this.#pathOf(key)}: must be a list of strings`)
    return value
  }

  #pathOf(key: string): string {
    return this.#path === '' ? key : `${this.#path}.${key}`
  }
}
