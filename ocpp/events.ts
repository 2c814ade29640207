import type { OcppErrorCode } from './errors.ts'
import type { Subprotocol } from './handshake.ts'

/** What an {@link OcppServer} reports for the log: codes and names, never a payload or a password. */
export type OcppEvent =
  | {
      readonly kind: 'connected'
      readonly identity: string
      readonly subprotocol: Subprotocol
      readonly remoteAddress: string
    }
  | {
      readonly kind: 'disconnected'
      readonly identity: string
      readonly closeCode: number
      readonly code?: OcppErrorCode
      readonly message?: string
    }
  | {
      readonly kind: 'refused'
      readonly code: OcppErrorCode
      readonly message: string
      readonly remoteAddress: string
      readonly identity?: string
    }
  | {
      readonly kind: 'frame-refused'
      readonly identity: string
      readonly code: OcppErrorCode
      readonly message: string
    }
  | {
      readonly kind: 'call-failed'
      readonly identity: string
      readonly action: string
      readonly code: string
      readonly message: string
      readonly error: unknown
    }
