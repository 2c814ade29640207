import { CodedError } from '#base'

/** What can go wrong on the charge point's side of the gateway; the codes reach log lines and metrics. */
export type OcppErrorCode =
  // the handshake is refused
  | 'ERR_OCPP_TLS'
  | 'ERR_OCPP_URL'
  | 'ERR_OCPP_UNKNOWN_IDENTITY'
  | 'ERR_OCPP_CREDENTIALS'
  | 'ERR_OCPP_IDENTITY_IN_USE'
  | 'ERR_OCPP_SUBPROTOCOL'
  | 'ERR_OCPP_HANDSHAKE'
  | 'ERR_OCPP_CONNECTIONS_MAX'
  | 'ERR_OCPP_SHUTTING_DOWN'
  // a frame is refused
  | 'ERR_OCPP_FRAME_BINARY'
  | 'ERR_OCPP_FRAME_DEPTH'
  | 'ERR_OCPP_FRAME_ID'
  | 'ERR_OCPP_FRAME_JSON'
  | 'ERR_OCPP_FRAME_SHAPE'
  | 'ERR_OCPP_FRAME_TYPE'
  | 'ERR_OCPP_DUPLICATE_ID'
  | 'ERR_OCPP_CALLS_MAX'
  // the connection is ended
  | 'ERR_OCPP_BAD_FRAMES_MAX'
  | 'ERR_OCPP_SILENT'
  | 'ERR_OCPP_SLOW_READER'
  | 'ERR_OCPP_TAKEN_OVER'
  | 'ERR_OCPP_WEBSOCKET'
  // a call of the gateway's own gets no result
  | 'ERR_OCPP_CALL_REFUSED'
  | 'ERR_OCPP_CALL_TIMEOUT'
  | 'ERR_OCPP_CALL_WAITING_MAX'
  | 'ERR_OCPP_DISCONNECTED'

/** A charge point, or somebody posing as one, did not keep to OCPP-J. The message repeats none of its data. */
export class OcppError extends CodedError<OcppErrorCode> {
  override name = 'OcppError'
}
