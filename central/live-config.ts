/** What of the config can change while central serves: read and proven as a whole before any of it is used. */
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'

import { messageOf } from '#base'
import { privateKeyPem, readPrivateKey } from '#pki'
import { readSecret } from '#service'

import type { CentralConfig } from './config.ts'
import type { CpsSigner } from './cps/cps-signer.ts'
import { contractCaOf } from './est/contract-authority.ts'
import { openOperatorCas } from './est/open-operator-cas.ts'
import type { OperatorCa, OperatorCas } from './est/operator-ca.ts'
import type { TlsCredentials } from './http/server.ts'
import { ClientRegistry } from './oauth/clients.ts'
import { openCpsSigners } from './signing-keys.ts'
import { CentralError } from './start-error.ts'

/** The members of the config that can change while central serves. */
export type LiveConfig = Pick<CentralConfig, 'tls' | 'clients' | 'cps' | 'mo' | 'operatorCas'>

export interface LiveParts {
  readonly tls: TlsCredentials
  readonly clients: ClientRegistry
  readonly cpsSigners: readonly CpsSigner[]
  readonly cas: OperatorCas
  /** The one of `cas` that issues contracts. */
  readonly contractCa: OperatorCa | undefined
}

/**
 * Reads every file that these members name. Keys are open until `keys` is disposed.
 *
 * @throws {CentralError} ERR_CENTRAL_SIGNER, ERR_CENTRAL_OPERATOR_CA, ERR_CENTRAL_SHARED_CA_KEY,
 * ERR_CENTRAL_CONTRACT_AUTHORITY, ERR_CENTRAL_CLIENT, ERR_CENTRAL_TLS
 * @throws ConfigError, PkiError, HsmError when a file or key cannot be used
 */
export async function openLiveParts(config: LiveConfig, keys: AsyncDisposableStack): Promise<LiveParts> {
  const tls = await readTls(config)
  const clients = await readClients(config)
  const cpsSigners = await openCpsSigners(config, keys)
  const cas = await openOperatorCas(config, keys)
  return { tls, clients, cpsSigners, cas, contractCa: contractCaOf(config, cas) }
}

async function readClients({ clients }: LiveConfig): Promise<ClientRegistry> {
  const read = clients.map(async ({ secret, ...client }) => ({
    client,
    secret: (await readSecret(secret)).reveal(),
  }))
  return new ClientRegistry(await Promise.all(read))
}

async function readTls({ tls: { certificateFile, privateKeyFile } }: LiveConfig): Promise<TlsCredentials> {
  const privateKey = privateKeyPem(await readPrivateKey(privateKeyFile))
  try {
    const certificate = await readFile(certificateFile, 'utf8')
    createSecureContext({ cert: certificate, key: privateKey })
    return { certificate, privateKey }
  } catch (cause) {
    throw new CentralError(
      'ERR_CENTRAL_TLS',
      `cannot serve with ${certificateFile} and ${privateKeyFile}: ${messageOf(cause)}`,
      { cause },
    )
  }
}
