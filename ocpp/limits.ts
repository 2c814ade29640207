/** What one OCPP server allows its peers. Every member has a default in {@link OCPP_LIMITS}. */
export interface OcppLimits {
  /** Open charge point connections; one more is answered 503. */
  readonly connectionsMax: number
  /** One WebSocket message, after inflation. */
  readonly frameBytesMax: number
  /** Calls of one charge point that wait or are being handled; OCPP allows it one (part 4, §4.1.1). */
  readonly callsInFlightMax: number
  /** Consecutive frames that are no OCPP before the connection is closed. */
  readonly badFramesMax: number
  /** Bytes written and not yet taken by the peer before it counts as a slow reader and is cut off. */
  readonly unsentBytesMax: number
  /** From the TCP connection to the complete upgrade request, TLS included. */
  readonly handshakeTimeoutMs: number
  /** A ping goes out this often; a peer that shows no sign of life until the next one is cut off. */
  readonly pingIntervalMs: number
  /** How long the holder of an identity has to answer a ping when somebody else asks for that identity. */
  readonly takeoverProbeMs: number
  /** How long a closing server waits for calls in progress, and for its peers to close. */
  readonly drainMs: number
}

/**
 * 64 KiB hold 2.1's largest certificate fields (exiRequest 11,000, exiResponse 17,000 characters) several times over.
 * The probe is well below the 10 s and more that charge points wait for a handshake.
 */
export const OCPP_LIMITS: OcppLimits = {
  connectionsMax: 10_000,
  frameBytesMax: 65_536,
  callsInFlightMax: 4,
  badFramesMax: 8,
  unsentBytesMax: 1_048_576,
  handshakeTimeoutMs: 10_000,
  pingIntervalMs: 30_000,
  takeoverProbeMs: 2_000,
  drainMs: 5_000,
}
