/** The answers of OCPP 2.0.1 that a charge point acts on. Members it has no use for are not looked at. */
import { type Static, type TSchema, Type } from 'typebox'
import { Compile } from 'typebox/compile'

import { EmulatorError } from './errors.ts'

/** exiResponse has 17,000 characters at most in OCPP 2.1; real pools exceed the 5,600 of 2.0.1. */
const EXI_RESPONSE_CHARACTERS_MAX = 17_000

export const BootNotificationResponse = Type.Object({
  currentTime: Type.String(),
  interval: Type.Integer(),
  status: Type.Enum(['Accepted', 'Pending', 'Rejected']),
})

export const Get15118EVCertificateResponse = Type.Object({
  status: Type.Enum(['Accepted', 'Failed']),
  exiResponse: Type.String({ maxLength: EXI_RESPONSE_CHARACTERS_MAX }),
  statusInfo: Type.Optional(
    Type.Object({ reasonCode: Type.String(), additionalInfo: Type.Optional(Type.String()) }),
  ),
})

/** Gives a check that returns the answer with its type, or throws EmulatorError ERR_CHARGE_POINT_ANSWER. */
export function answerCheck<T extends TSchema>(schema: T): (answer: unknown) => Static<T> {
  const validator = Compile(schema)
  return (answer) => {
    if (validator.Check(answer)) return answer
    const [first] = validator.Errors(answer)
    throw new EmulatorError(
      'ERR_CHARGE_POINT_ANSWER',
      `answer that is not OCPP 2.0.1: ${first?.instancePath || 'payload'} ${first?.message ?? ''}`,
    )
  }
}
