import { ErrorBody, type RouteDescription } from '#opcp'

import type { Json, SchemaComponents } from './schemas.ts'

/** What a status means wherever it is answered with an error body, and for which routes that can be. */
const REFUSALS: readonly {
  readonly status: number
  readonly name: string
  readonly description: string
  readonly concerns: (route: RouteDescription, path: string) => boolean
}[] = [
  {
    status: 400,
    name: 'BadRequest',
    description: 'Something in the request is not as it must be, or a certificate does not hold.',
    concerns: () => true,
  },
  {
    status: 401,
    name: 'Unauthenticated',
    description: 'The token or the client certificate is missing, invalid or expired.',
    concerns: needsCaller,
  },
  {
    status: 403,
    name: 'Forbidden',
    description: 'The permission or the role is missing, or the identifier belongs to another participant.',
    concerns: needsCaller,
  },
  {
    status: 404,
    name: 'NotFound',
    description: 'There is nothing under that identifier.',
    concerns: (_, path) => path.includes(':') || path.includes('*'),
  },
  {
    status: 412,
    name: 'PreconditionFailed',
    description: 'Another version is stored than the request names.',
    concerns: ({ headers = {} }) => 'If-Match' in headers,
  },
  {
    status: 413,
    name: 'TooLarge',
    description: 'The body is larger than any request needs.',
    concerns: hasBody,
  },
  {
    status: 415,
    name: 'UnsupportedMediaType',
    description: 'The body is of another media type than those listed.',
    concerns: hasBody,
  },
  {
    status: 429,
    name: 'TooManyRequests',
    description: 'The caller, or its address, has asked too often.',
    concerns: needsCaller,
  },
  { status: 500, name: 'InternalError', description: 'A fault of the service.', concerns: () => true },
  {
    status: 502,
    name: 'BadGateway',
    description: 'A responder, a CA or a peer pool did not answer.',
    concerns: needsCaller,
  },
  {
    status: 503,
    name: 'Unavailable',
    description: 'This service is not set up for the operation.',
    concerns: needsCaller,
  },
]

/** One response for each refusal, to be referred to. */
export function refusalComponents(schemas: SchemaComponents): Json {
  const content = { 'application/json': { schema: schemas.use(ErrorBody) } }
  return Object.fromEntries(
    REFUSALS.map(({ name, description }) => [
      name,
      { description, headers: { 'X-Trace-Id': { $ref: '#/components/headers/TraceId' } }, content },
    ]),
  )
}

/** The refusals that a route can answer with, by status. */
export function refusalsOf(route: RouteDescription, path: string): Json {
  return Object.fromEntries(
    REFUSALS.filter(({ concerns }) => concerns(route, path)).map(({ status, name }) => [
      String(status),
      { $ref: `#/components/responses/${name}` },
    ]),
  )
}

function needsCaller({ scope, clientCertificate }: RouteDescription): boolean {
  return scope !== undefined || clientCertificate === true
}

function hasBody({ request }: RouteDescription): boolean {
  return request !== undefined
}
