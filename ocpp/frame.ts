/**
 * The RPC frames of OCPP-J (part 4, §4.2): JSON arrays that begin with a message type and a message id.
 *
 * Frames come from a charge point that may be anybody's: the text is bounded by the WebSocket, its depth and the
 * length of its names here, before JSON.parse sees it.
 */
import type { CallErrorCode } from './call-error.ts'
import { OcppError } from './errors.ts'

/** Part 4 §4.1.4. */
const MESSAGE_ID_CHARACTERS_MAX = 36
/** The longest action of OCPP 2.1 has 33 characters. */
const ACTION_CHARACTERS_MAX = 64
/** Part 4 §4.2.3. */
const ERROR_DESCRIPTION_CHARACTERS_MAX = 255
/** The deepest message of OCPP 2.1 nests less than half of this; JSON.parse alone would accept a million arrays. */
const DEPTH_MAX = 32
/** Stands for an id that could not be read (part 4, §4.2.3). */
const UNREADABLE_ID = '-1'

const ENVELOPE = /^\s*\[\s*(\d{1,9})\s*,\s*("(?:[^"\\]|\\.){0,216}")\s*(?:,\s*("(?:[^"\\]|\\.){0,384}"))?/

/** How a frame begins. `action` is there for CALL and SEND; for a CALLERROR it would be the error code, so it is absent. */
export interface Envelope {
  readonly messageTypeId: number
  readonly id: string
  readonly action?: string
}

export type Frame =
  | { readonly type: 'CALL'; readonly id: string; readonly action: string; readonly payload: object }
  | { readonly type: 'CALLRESULT'; readonly id: string; readonly payload: object }
  | {
      readonly type: 'CALLERROR' | 'CALLRESULTERROR'
      readonly id: string
      readonly errorCode: string
      readonly errorDescription: string
    }
  | { readonly type: 'SEND'; readonly id: string; readonly action: string; readonly payload: object }
  | { readonly type: 'UNKNOWN'; readonly messageTypeId: number; readonly id: string }

/**
 * Reads type, id and action without parsing the rest, which need not even be JSON: what a relay must know, and what an
 * error answer can still quote. `undefined` when the text does not begin like a frame.
 */
export function peekEnvelope(text: string): Envelope | undefined {
  const [, type = '', idLiteral = '', actionLiteral] = ENVELOPE.exec(text) ?? []
  const id = stringOfLiteral(idLiteral)
  if (id === undefined) return undefined
  const messageTypeId = Number(type)
  const named = messageTypeId === 2 || messageTypeId === 6
  const action = named && actionLiteral !== undefined ? stringOfLiteral(actionLiteral) : undefined
  return { messageTypeId, id, ...(action !== undefined && { action }) }
}

/** The id that an answer to this text must carry: its own where it can be read, else "-1". */
export function answerIdOf(text: string): string {
  const id = peekEnvelope(text)?.id
  return id === undefined || !isMessageId(id) ? UNREADABLE_ID : id
}

/**
 * Parses one frame. A message type outside 2..6 is not an error, because OCPP 2.1 wants it ignored and 2.0.1 answered.
 *
 * @throws {OcppError} ERR_OCPP_FRAME_DEPTH, ERR_OCPP_FRAME_JSON, ERR_OCPP_FRAME_SHAPE, ERR_OCPP_FRAME_ID
 */
export function parseFrame(text: string): Frame {
  checkDepth(text)
  const [messageTypeId, id, ...rest] = parseArray(text)
  if (typeof messageTypeId !== 'number') throw shapeError('the message type is not a number')
  if (typeof id !== 'string' || !isMessageId(id)) {
    throw new OcppError(
      'ERR_OCPP_FRAME_ID',
      `the message id is not 1 to ${MESSAGE_ID_CHARACTERS_MAX} characters`,
    )
  }
  switch (messageTypeId) {
    case 2:
      return { type: 'CALL', id, ...actionAndPayload(rest) }
    case 3:
      return { type: 'CALLRESULT', id, payload: payloadOf(rest[0]) }
    case 4:
      return { type: 'CALLERROR', id, ...errorOf(rest) }
    case 5:
      return { type: 'CALLRESULTERROR', id, ...errorOf(rest) }
    case 6:
      return { type: 'SEND', id, ...actionAndPayload(rest) }
    default:
      return { type: 'UNKNOWN', messageTypeId, id }
  }
}

export function writeCall({ id, action, payload }: { id: string; action: string; payload: object }): string {
  return JSON.stringify([2, id, action, payload])
}

export function writeCallResult({ id, payload }: { id: string; payload: object }): string {
  return JSON.stringify([3, id, payload])
}

/** The description is cut to the 255 characters of the standard; details stay empty, so that nothing is echoed. */
export function writeCallError({
  id,
  code,
  description,
}: {
  id: string
  code: CallErrorCode
  description: string
}): string {
  return JSON.stringify([4, id, code, description.slice(0, ERROR_DESCRIPTION_CHARACTERS_MAX), {}])
}

function parseArray(text: string): readonly unknown[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text.
    throw new OcppError('ERR_OCPP_FRAME_JSON', 'the frame is not JSON')
  }
  if (!Array.isArray(value)) throw shapeError('the frame is not an array')
  return value
}

/** Strings are jumped over, so that a brace inside one does not count and long base64 costs next to nothing. */
function checkDepth(text: string): void {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i)
    if (character === 0x22) i = endOfString(text, i)
    else if (character === 0x5b || character === 0x7b) depth++
    else if (character === 0x5d || character === 0x7d) depth--
    if (depth > DEPTH_MAX) {
      throw new OcppError('ERR_OCPP_FRAME_DEPTH', `the frame nests deeper than ${DEPTH_MAX}`)
    }
  }
}

/** The index of the quotation mark that ends the string begun at `start`; the text's length when none does. */
function endOfString(text: string, start: number): number {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end === -1) return text.length
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
}

function actionAndPayload([action, payload]: readonly unknown[]): { action: string; payload: object } {
  if (typeof action !== 'string' || action === '' || action.length > ACTION_CHARACTERS_MAX) {
    throw shapeError(`the action is not 1 to ${ACTION_CHARACTERS_MAX} characters`)
  }
  return { action, payload: payloadOf(payload) }
}

function payloadOf(payload: unknown): object {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw shapeError('the payload is not an object')
  }
  return payload
}

function errorOf([code, description]: readonly unknown[]): { errorCode: string; errorDescription: string } {
  if (typeof code !== 'string') throw shapeError('the error code is not text')
  const text = typeof description === 'string' ? description : ''
  return {
    errorCode: code.slice(0, ACTION_CHARACTERS_MAX),
    errorDescription: text.slice(0, ERROR_DESCRIPTION_CHARACTERS_MAX),
  }
}

function isMessageId(id: string): boolean {
  return id.length > 0 && id.length <= MESSAGE_ID_CHARACTERS_MAX
}

function stringOfLiteral(literal: string): string | undefined {
  try {
    const value: unknown = JSON.parse(literal)
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

function shapeError(message: string): OcppError {
  return new OcppError('ERR_OCPP_FRAME_SHAPE', message)
}
