/** Whether a name lies within a subtree of names, by kind (RFC 5280 section 4.2.1.10). */
import type { GeneralName } from '../certificate/general-names.ts'

/** Labels of letters, digits, hyphens and (seen in the field) underscores; 253 characters at most. */
const HOST =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i
/** The local part of an address without quoting. */
const LOCAL_PART = /^[^\s@"(),:;<>[\\\]]+$/
const URI_AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i
const IPV4_NUMBER = /^\d+$/

/**
 * Whether `name` lies within `subtree`, which is of the same kind; `undefined` when that cannot be said: a malformed
 * name or constraint, or a kind of name nobody knows how to compare. A wildcard is permitted when all hosts it stands
 * for are, and excluded when any of them is.
 */
export function matchesSubtree(
  name: GeneralName,
  subtree: GeneralName,
  side: 'permitted' | 'excluded',
): boolean | undefined {
  if (name.kind === 'directoryName' && subtree.kind === 'directoryName')
    return name.name.isWithin(subtree.name)
  if (name.kind === 'iPAddress' && subtree.kind === 'iPAddress') return isInNetwork(name.bytes, subtree.bytes)
  if (name.kind === 'dNSName' && subtree.kind === 'dNSName')
    return isHostWithin(name.text, subtree.text, side)
  if (name.kind === 'rfc822Name' && subtree.kind === 'rfc822Name') return isMailbox(name.text, subtree.text)
  if (name.kind === 'uniformResourceIdentifier' && subtree.kind === 'uniformResourceIdentifier')
    return isUriWithin(name.text, subtree.text)
  return undefined
}

/** The empty constraint holds every host. */
function isHostWithin(text: string, subtree: string, side: 'permitted' | 'excluded'): boolean | undefined {
  const wildcard = text.startsWith('*.')
  const host = (wildcard ? text.slice(2) : text).toLowerCase()
  const ancestor = subtree.toLowerCase()
  if (!HOST.test(host) || !(ancestor === '' || HOST.test(ancestor))) return undefined
  if (ancestor === '' || host === ancestor || host.endsWith(`.${ancestor}`)) return true
  return wildcard && side === 'excluded' && ancestor.slice(ancestor.indexOf('.') + 1) === host
}

/** A constraint is one mailbox, all mailboxes of one host, or (with a leading dot) those of all hosts below a domain. */
function isMailbox(text: string, subtree: string): boolean | undefined {
  const mailbox = mailboxOf(text)
  if (mailbox === undefined) return undefined
  if (subtree.includes('@')) {
    const only = mailboxOf(subtree)
    return only && only.localPart === mailbox.localPart && only.host === mailbox.host
  }
  return isHostOrBelow(mailbox.host, subtree)
}

/** The local part is compared as it stands, the host without regard to case (RFC 5280 section 7.5). */
function mailboxOf(text: string): { localPart: string; host: string } | undefined {
  const [localPart = '', host = '', ...rest] = text.split('@')
  if (!LOCAL_PART.test(localPart) || !HOST.test(host) || rest.length > 0) return undefined
  return { localPart, host: host.toLowerCase() }
}

/** A URI whose host is absent or an address cannot be compared. */
function isUriWithin(text: string, subtree: string): boolean | undefined {
  const authority = URI_AUTHORITY.exec(text)?.[1]
  const host = authority?.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '')
  if (host === undefined || !HOST.test(host) || IPV4_NUMBER.test(host.split('.').at(-1) ?? ''))
    return undefined
  return isHostOrBelow(host.toLowerCase(), subtree)
}

function isHostOrBelow(host: string, subtree: string): boolean | undefined {
  const domain = subtree.toLowerCase()
  if (!HOST.test(domain.startsWith('.') ? domain.slice(1) : domain)) return undefined
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain
}

/** The constraint is an address followed by its mask, whose ones all stand before its zeros (CIDR, RFC 4632). */
function isInNetwork(address: Uint8Array, network: Uint8Array): boolean | undefined {
  if (!isAddressLength(address.length) || !isAddressLength(network.length / 2)) return undefined
  const mask = network.subarray(network.length / 2)
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('')
  if (bits.includes('01')) return undefined
  if (address.length !== mask.length) return false
  return address.every((octet, index) => {
    const bitsOfMask = mask[index] ?? 0
    return (octet & bitsOfMask) === ((network[index] ?? 0) & bitsOfMask)
  })
}

const isAddressLength = (length: number): boolean => length === 4 || length === 16
