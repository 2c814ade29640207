import type { Static, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'

import { CallError, type CallErrorCode } from './call-error.ts'

/** How OCPP-J names each way to miss a schema (part 4, §4.3); what is not listed is a FormatViolation. */
const CODES: Readonly<Record<string, CallErrorCode>> = {
  required: 'OccurrenceConstraintViolation',
  minItems: 'OccurrenceConstraintViolation',
  maxItems: 'OccurrenceConstraintViolation',
  type: 'TypeConstraintViolation',
  enum: 'PropertyConstraintViolation',
  const: 'PropertyConstraintViolation',
  anyOf: 'PropertyConstraintViolation',
  minLength: 'PropertyConstraintViolation',
  maxLength: 'PropertyConstraintViolation',
  minimum: 'PropertyConstraintViolation',
  maximum: 'PropertyConstraintViolation',
}

/**
 * A check of payloads against a schema, compiled once. Members the schema does not name are ignored: charge points
 * in the field add their own. The error names the member that is wrong and never repeats its value.
 *
 * The check throws CallError with the code that OCPP-J has for the violation.
 */
export function payloadCheck<T extends TSchema>(schema: T): (payload: unknown) => Static<T> {
  const validator = Compile(schema)
  return (payload) => {
    if (validator.Check(payload)) return payload
    const [first] = validator.Errors(payload)
    const where = first?.instancePath.slice(0, 64) || 'the payload'
    throw new CallError(
      CODES[first?.keyword ?? ''] ?? 'FormatViolation',
      `${where}: ${first?.message ?? 'wrong'}`,
    )
  }
}
