/** The parts of a charge point's HTTP upgrade request that decide who it is (part 4, §3.1 and §3.2). */
import { OcppError } from './errors.ts'

/** Part 4 §3.1.1: identifierString[48]. */
export const IDENTITY_CHARACTERS_MAX = 48

export const SUBPROTOCOLS = ['ocpp1.6', 'ocpp2.0.1', 'ocpp2.1'] as const

/** A version of OCPP as it is negotiated on the WebSocket. */
export type Subprotocol = (typeof SUBPROTOCOLS)[number]

/**
 * Reads the charge point's identity from the request target `{path}/{identity}`, the identity percent-encoded and
 * without ':', which would end the user name of Basic authentication.
 *
 * @throws {OcppError} ERR_OCPP_URL
 */
export function identityOfTarget(target: string, { path }: { path: string }): string {
  const [pathname = ''] = target.split('?', 1)
  const encoded = pathname.startsWith(`${path}/`) ? pathname.slice(path.length + 1) : ''
  const identity = percentDecoded(encoded)
  if (identity === '' || identity.length > IDENTITY_CHARACTERS_MAX || !/^[^:/\p{Cc}]+$/u.test(identity)) {
    throw new OcppError(
      'ERR_OCPP_URL',
      `the request target is not ${path}/ and an identity of 1 to ${IDENTITY_CHARACTERS_MAX} characters`,
    )
  }
  return identity
}

/** The password of an `Authorization: Basic` header whose user name is the identity (A00.FR.204); else `undefined`. */
export function passwordOf(authorization: string | undefined, identity: string): Uint8Array | undefined {
  const [, encoded = ''] = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '') ?? []
  const credentials = Buffer.from(encoded, 'base64')
  const prefix = Buffer.from(`${identity}:`)
  return credentials.subarray(0, prefix.length).equals(prefix)
    ? credentials.subarray(prefix.length)
    : undefined
}

/** The first subprotocol of the charge point's list, which is in its order of preference, that is also supported. */
export function chooseSubprotocol(
  offered: Iterable<string>,
  supported: readonly Subprotocol[],
): Subprotocol | undefined {
  for (const offer of offered) {
    const found = supported.find((subprotocol) => subprotocol === offer)
    if (found !== undefined) return found
  }
  return undefined
}

/** The offers of a `Sec-WebSocket-Protocol` header. */
export function offersOf(header: string | undefined): readonly string[] {
  return (header ?? '').split(',').map((offer) => offer.trim())
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // `%E0%A4%A` and its like.
    return ''
  }
}
