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
import { secretHash } from './registry/client-secret.ts'
import type { SecretHashes } from './registry/client.ts'
import type { ConfigClient } from './registry/config-clients.ts'
import { openCpsSigners } from './signing-keys.ts'
import { CentralError } from './start-error.ts'

/** The members of the config that can change while central serves. */
export type LiveConfig = Pick<CentralConfig, 'tls' | 'clients' | 'cps' | 'mo' | 'operatorCas'>

/** The clients the config names; their secrets are kept here only, as hashes by client id. */
interface ConfigClients {
  readonly entries: readonly ConfigClient[]
  readonly secrets: ReadonlyMap<string, SecretHashes>
}

export interface LiveParts {
  readonly tls: TlsCredentials
  readonly clients: ConfigClients
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

async function readClients({ clients }: LiveConfig): Promise<ConfigClients> {
  const secrets = new Map<string, SecretHashes>()
  for (const { clientId, secret } of clients) {
    if (secrets.has(clientId))
      throw new CentralError('ERR_CENTRAL_CLIENT', `two clients have the id ${clientId}`)
    secrets.set(clientId, { current: secretHash((await readSecret(secret)).reveal()), previous: undefined })
  }
  return { entries: clients, secrets }
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
