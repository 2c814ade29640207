/**
 * Which addresses that strangers named may be asked: those in certificates, those of webhook endpoints. Without this, a
 * car could make the gateway send requests into the network it stands in.
 */
import { BlockList, isIP, isIPv6 } from 'node:net'

import { NetError } from './errors.ts'

/** Every address of a host, as `dns.promises.lookup(host, { all: true })` gives them. Rejects when it has none. */
export type ResolveHost = (host: string) => Promise<readonly { readonly address: string }[]>

const ADDRESS_CHARACTERS_MAX = 2000
const ADDRESSES_MAX = 32

/** IANA special-purpose IPv4 registry: everything that is not globally reachable, and multicast. */
const SPECIAL_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
/** Of IPv6 only global unicast is public; within it, what tunnels to IPv4 or is for documentation is not. */
const GLOBAL_IPV6 = ['2000::/3']
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20']

const SPECIAL = networksOf([...SPECIAL_IPV4, ...SPECIAL_IPV6])
const GLOBAL = networksOf(GLOBAL_IPV6)

/** An address that may be asked: connect to `ip` and nothing else, whatever the name resolves to by then. */
export interface GuardedAddress {
  readonly url: URL
  readonly ip: string
}

export class AddressGuard {
  readonly #resolve: ResolveHost
  readonly #allowed: BlockList

  /**
   * `allowedNetworks` (`10.1.0.0/16`, `127.0.0.1/32`, `fd00::/8`) may be asked although they are not public.
   *
   * @throws {TypeError} for a network that is not `address/prefix`
   */
  constructor({
    resolve,
    allowedNetworks = [],
  }: {
    readonly resolve: ResolveHost
    readonly allowedNetworks?: readonly string[]
  }) {
    this.#resolve = resolve
    this.#allowed = networksOf(allowedNetworks)
  }

  /**
   * Resolves the host once. A host with one address that may not be asked may not be asked at all.
   *
   * @throws {NetError} ERR_NET_ADDRESS; ERR_NET_UNREACHABLE when the host does not resolve
   */
  async check(address: string): Promise<GuardedAddress> {
    const url = parseAddress(address)
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const found = isIP(host) === 0 ? await this.#resolveHost(host) : [{ address: host }]
    const [first] = found
    if (first === undefined) throw new NetError('ERR_NET_UNREACHABLE', 'the host has no address')
    if (!found.every(({ address: ip }) => this.#mayAsk(ip)))
      throw addressError('the host is in a network that is neither public nor allowed')
    return { url, ip: first.address }
  }

  async #resolveHost(host: string): Promise<readonly { readonly address: string }[]> {
    try {
      return (await this.#resolve(host)).slice(0, ADDRESSES_MAX)
    } catch (error) {
      throw new NetError('ERR_NET_UNREACHABLE', 'the host does not resolve', { cause: error })
    }
  }

  #mayAsk(ip: string): boolean {
    const family = isIPv6(ip) ? 'ipv6' : 'ipv4'
    if (isIP(ip) === 0) return false
    if (this.#allowed.check(ip, family)) return true
    return !SPECIAL.check(ip, family) && (family === 'ipv4' || GLOBAL.check(ip, family))
  }
}

/** The URL parser also brings every spelling of an IPv4 address (octal, one number) into the usual one. */
function parseAddress(address: string): URL {
  const url = address.length > ADDRESS_CHARACTERS_MAX ? null : URL.parse(address)
  if (url === null) throw addressError('not an address of the web, or too long')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw addressError(`scheme ${url.protocol}`)
  if (url.username !== '' || url.password !== '') throw addressError('an address with credentials')
  return url
}

function networksOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix)) throw new TypeError(`${network} is not a network`)
    list.addSubnet(address, Number(prefix), family)
  }
  return list
}

const addressError = (what: string): NetError => new NetError('ERR_NET_ADDRESS', what)
