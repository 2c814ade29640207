import { ContractEvent, RootEvent } from '#opcp'

import type { Json, SchemaComponents } from './schemas.ts'

/** What is sent to the endpoints that participants register. */
export function webhookObjects(schemas: SchemaComponents): Json {
  return {
    contractEvent: webhookOf(ContractEvent, 'Something happened to a contract or its vehicle.', schemas),
    rootEvent: webhookOf(RootEvent, 'Something happened to a root certificate.', schemas),
  }
}

function webhookOf(schema: object, summary: string, schemas: SchemaComponents): Json {
  return {
    post: {
      summary,
      parameters: [
        signature('payload-signature', 'HMAC-SHA256 of the body with the secret, in lower-case hex.'),
        signature('X-Hubject-Signature', 'The same after `sha256=`.'),
        signature('X-Operator-Signature', 'The same after `sha256=`, or without as the endpoint has it.'),
      ],
      requestBody: { required: true, content: { 'application/json': { schema: schemas.use(schema) } } },
      responses: {
        '2XX': { description: 'Received.' },
        '400': { description: 'Rejected; not sent again.' },
        '409': { description: 'Rejected; not sent again.' },
        '5XX': { description: 'Sent again after an hour, three times.' },
      },
    },
  }
}

function signature(name: string, description: string): Json {
  return { name, in: 'header', required: true, description, schema: { type: 'string' } }
}
