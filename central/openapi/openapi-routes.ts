import assert from 'node:assert/strict'

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'

import { openApiDocument } from './document.ts'
import { isDescribed, type ServedRoute } from './served-routes.ts'

const DOCUMENT_PATH = '/openapi.json'
const PAGE_PATH = '/docs'

/** Everything comes from here. The page sets styles from its scripts and shows images that it holds as data. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "base-uri 'none'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "img-src 'self' data:",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
].join('; ')

/**
 * Serves the document of `routes` and a page to browse it. To be called after all others have added their routes: one that
 * lacks a description keeps `app` from becoming ready.
 */
export function serveOpenApi(app: FastifyInstance, routes: readonly ServedRoute[]): void {
  // Routes of plugins are added when those are loaded, in order: before this one.
  void app.register(async (scope) => {
    const untold = routes.filter((route) => !isDescribed(route)).map(({ url }) => url)
    assert.deepEqual(untold, [], 'every route has a description')
    const text = JSON.stringify(openApiDocument(routes.filter(isDescribed)))
    scope.get(DOCUMENT_PATH, (_, reply) => reply.header('content-type', 'application/json').send(text))
    await scope.register(swagger, { mode: 'static', specification: { document: JSON.parse(text) } })
    await scope.register(swaggerUi, {
      routePrefix: PAGE_PATH,
      staticCSP: CONTENT_SECURITY_POLICY,
      uiConfig: { defaultModelsExpandDepth: 0 },
      theme: { title: 'EVouch central' },
    })
  })
}
