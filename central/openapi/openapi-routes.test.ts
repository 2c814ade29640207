import { request } from 'node:https'

import { fastify } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { rawRequest } from '../raw-request.fixture.ts'
import { serveOpenApi } from './openapi-routes.ts'
import { collectRoutes } from './served-routes.ts'

let scene: CentralScene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(() => scene[Symbol.asyncDispose]())

interface Page {
  readonly status: number
  readonly policy: string
  readonly text: string
}

function page(path: string): Promise<Page> {
  const ca = scene.pki['tls/ca'].certificate.toPem()
  return new Promise((resolve, reject) => {
    const sent = request(`${scene.central.url}${path}`, { ca }, (response) => {
      response.setEncoding('utf8')
      let text = ''
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => {
        const policy = String(response.headers['content-security-policy'])
        resolve({ status: response.statusCode ?? 0, policy, text })
      })
    })
    sent.on('error', reject).end()
  })
}

test('the document is served to everybody as JSON', async () => {
  const { status, headers, body } = await rawRequest(scene, 'GET', '/openapi.json')
  expect(status).toBe(200)
  expect(headers['content-type']).toMatch(/^application\/json/)
  expect(body).toMatchObject({ openapi: '3.1.0', paths: { '/v1/root/rootCerts': { get: {}, put: {} } } })
})

test('a server with a route that nobody has described does not start', async () => {
  const app = fastify()
  const routes = collectRoutes(app)
  app.get(
    '/told',
    { config: { description: { summary: 'Is told.', answers: { 200: {} } } } },
    async () => ({}),
  )
  app.get('/untold', async () => ({}))
  serveOpenApi(app, routes)
  await expect(app.ready()).rejects.toThrow('every route has a description')
  expect(routes.map(({ url }) => url)).toEqual(['/told', '/untold'])
})

describe('the page', () => {
  test('loads nothing from elsewhere, and its policy would not let it', async () => {
    const { status, policy, text } = await page('/docs/')
    expect(status).toBe(200)
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toMatch(/https?:|unsafe-eval|\*/)
    expect(text).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
    expect(text).not.toMatch(/<script(?![^>]*src=)/)
  })

  test('finds the scripts and styles it names, and the document', async () => {
    const { text } = await page('/docs/')
    const files = [...text.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file = '']) => file)
    expect(files.length).toBeGreaterThan(3)
    for (const file of files) await expect(page(`/docs/${file}`)).resolves.toMatchObject({ status: 200 })
    const [document, shown] = await Promise.all([page('/openapi.json'), page('/docs/json')])
    expect(JSON.parse(shown.text)).toEqual(JSON.parse(document.text))
  })

  test.each(['/docs/static/..%2f..%2fpackage.json', '/docs/static/%2e%2e/index.js', '/docs/static/nothing'])(
    'has nothing at %s, in the words of every other path',
    async (path) => {
      const { status, text } = await page(path)
      expect([400, 403, 404]).toContain(status)
      expect(JSON.parse(text)).toMatchObject({ errorMessages: [expect.any(String)] })
    },
  )
})
