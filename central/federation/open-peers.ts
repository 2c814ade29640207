import { readFile } from 'node:fs/promises'

import { messageOf, type Clock } from '#base'
import { OpcpClient } from '#opcp'
import { readSecret } from '#service'

import { CentralError } from '../start-error.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import type { PeerConfig } from './peer-config.ts'
import type { Peer } from './peer-pools.ts'

/** The peers of the config, connected at their first question; `resources` ends the connections. @throws ConfigError, CentralError */
export async function openPeers(
  config: PeerConfig,
  { clock, resources }: { readonly clock: Clock; readonly resources: AsyncDisposableStack },
): Promise<readonly Peer[]> {
  const peers: Peer[] = []
  for (const { url, token, certificateAuthoritiesFile: file } of config) {
    const client = new OpcpClient({
      baseUrl: url,
      tokenUrl: token.url,
      clientId: token.clientId,
      clientSecret: (await readSecret(token.secret)).reveal(),
      audience: token.audience,
      certificateAuthorities: file === undefined ? undefined : await readAuthorities(file),
      clock,
    })
    peers.push({ url, client: resources.use(client), breaker: new CircuitBreaker(clock) })
  }
  return peers
}

async function readAuthorities(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CentralError('ERR_CENTRAL_PEER', `${file}: ${messageOf(cause)}`, { cause })
  }
}
