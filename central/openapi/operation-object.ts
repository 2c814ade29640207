import { OPERATIONS, PATH_PARAMETERS, type RouteDescription } from '#opcp'

import { namesInTemplate, namesInUrl } from './path-templates.ts'
import { refusalsOf } from './refusals.ts'
import type { Json, JsonValue, SchemaComponents } from './schemas.ts'
import { securityOf } from './security.ts'

/** Group of the routes that need no token. */
export const PUBLIC_TAG = 'public'

const JSON_TYPE = 'application/json'
const TEXT = { type: 'string' }

interface Place {
  readonly method: string
  readonly url: string
  /** The same path as the document writes it. */
  readonly path: string
  readonly schemas: SchemaComponents
}

/** The Operation Object of a route. */
export function operationOf(route: RouteDescription, { method, url, path, schemas }: Place): Json {
  const name = Object.entries(OPERATIONS).find(
    ([, operation]) => operation === route && operation.path === url && operation.method === method,
  )?.[0]
  const roles = rolesOf(route)
  return {
    ...(name !== undefined && { operationId: name }),
    summary: route.summary,
    ...(roles !== undefined && { description: roles }),
    tags: [route.scope ?? PUBLIC_TAG],
    ...(route.deprecated === true && { deprecated: true }),
    parameters: parametersOf(route, { url, path, schemas }),
    ...(route.request !== undefined && {
      requestBody: {
        required: true,
        content: contentOf(schemas.use(route.request), route.requestTypes ?? [JSON_TYPE]),
      },
    }),
    responses: { ...refusalsOf(route, url), ...answersOf(route, { method, schemas }) },
    security: securityOf(route),
  }
}

function parametersOf(route: RouteDescription, { url, path, schemas }: Omit<Place, 'method'>): Json[] {
  const known = new Map<string, object>(Object.entries(PATH_PARAMETERS))
  const meant = namesInUrl(url)
  const inPath = namesInTemplate(path).map((name, at) => ({
    name,
    in: 'path',
    required: true,
    schema: schemas.use(known.get(meant[at] ?? '') ?? TEXT),
  }))
  const optional = (['query', 'headers'] as const).flatMap((place) =>
    Object.entries(route[place] ?? {}).map(([name, schema]) => ({
      name,
      in: place === 'query' ? 'query' : 'header',
      required: false,
      schema: schemas.use(schema),
    })),
  )
  return [...inPath, ...optional]
}

function answersOf(route: RouteDescription, { method, schemas }: Pick<Place, 'method' | 'schemas'>): Json {
  const hasEtag = 'If-None-Match' in (route.headers ?? {})
  const answers = Object.entries(route.answers).map(([status, schema]): [string, Json] => [
    status,
    {
      description: DESCRIPTIONS[status] ?? 'Refused.',
      ...(method !== 'HEAD' && { content: contentOf(schemas.use(schema), [route.answerType ?? JSON_TYPE]) }),
    },
  ])
  return Object.fromEntries([...answers, ...(hasEtag ? [NOT_MODIFIED] : [])])
}
const DESCRIPTIONS: Readonly<Record<string, string>> = { 200: 'Done.', 201: 'Stored.' }
const NOT_MODIFIED: [string, Json] = ['304', { description: 'The version at hand is the current one.' }]

function contentOf(schema: JsonValue, types: readonly string[]): Json {
  return Object.fromEntries(types.map((type) => [type, { schema }]))
}

function rolesOf({ roles }: RouteDescription): string | undefined {
  if (roles === undefined) return undefined
  const names = Object.entries(roles).map(([role, reach]) =>
    reach === 'own' ? `${role} for what is its own` : role,
  )
  return `For ${names.join(', ')}.`
}
