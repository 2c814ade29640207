import type { Static, TProperties, TSchema } from 'typebox'
import { Compile, type Validator } from 'typebox/compile'

import type { HttpAnswer } from './connection.ts'
import { ErrorBody } from './error-body.ts'
import { OpcpError, OpcpRefusal } from './errors.ts'

const errorBody = Compile(ErrorBody)

/** The body as JSON, `undefined` when it is none. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.text)
  } catch {
    return undefined
  }
}

/** @throws {OpcpError} ERR_OPCP_ANSWER_MALFORMED */
export function bodyOf<T extends TSchema>(
  answer: HttpAnswer,
  schema: Validator<TProperties, T, Static<T>>,
): Static<T> {
  const body = jsonOf(answer)
  if (schema.Check(body)) return body
  const [first] = schema.Errors(body)
  const where = first === undefined ? '' : ` at ${first.instancePath || '/'}: ${first.message}`
  throw new OpcpError('ERR_OPCP_ANSWER_MALFORMED', `unexpected body of status ${answer.status}${where}`)
}

/** The refusal an answer tells of; its texts are kept only when the body is an OPCP error body. */
export function refusalOf(answer: HttpAnswer, operation: string): OpcpRefusal {
  const body = jsonOf(answer)
  const known = errorBody.Check(body) ? body : { errorMessages: [], traceId: undefined }
  return new OpcpRefusal('ERR_OPCP_REFUSED', { operation, status: answer.status, ...known })
}
