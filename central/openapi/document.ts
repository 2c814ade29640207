import { operationOf, PUBLIC_TAG } from './operation-object.ts'
import { pathTemplates } from './path-templates.ts'
import { refusalComponents } from './refusals.ts'
import { SchemaComponents, type Json, type JsonValue } from './schemas.ts'
import { scopesOf, securitySchemes } from './security.ts'
import type { DescribedRoute } from './served-routes.ts'
import { webhookObjects } from './webhook-objects.ts'

/**
 * OpenAPI 3.1 of the routes that are served, made of their descriptions: the tables and schemas that also route and
 * validate.
 */
export function openApiDocument(routes: readonly DescribedRoute[]): Json {
  const schemas = new SchemaComponents()
  const paths: Record<string, Record<string, JsonValue>> = {}
  const scopes = new Set<string>()
  const templates = pathTemplates(routes.map(({ url }) => url))
  for (const [at, { method, url, description }] of routes.entries()) {
    for (const scope of scopesOf(description)) scopes.add(scope)
    const path = templates[at] ?? url
    const operation = operationOf(description, { method, url, path, schemas })
    paths[path] = { ...paths[path], [method.toLowerCase()]: operation }
  }
  const webhooks = webhookObjects(schemas)
  const responses = refusalComponents(schemas)
  return {
    openapi: '3.1.0',
    info: {
      title: 'EVouch central',
      summary: 'Open Plug&Charge Protocol 1.0.0 with its extensions',
      version: '1.0.0',
    },
    servers: [{ url: '/' }],
    tags: [...[...scopes].toSorted(), PUBLIC_TAG].map((name) => ({ name })),
    paths,
    webhooks,
    components: {
      schemas: schemas.all,
      responses,
      headers: {
        TraceId: {
          description: 'What to quote when asking the operator.',
          schema: { type: 'string', format: 'uuid' },
        },
      },
      securitySchemes: securitySchemes(scopes),
    },
  }
}
