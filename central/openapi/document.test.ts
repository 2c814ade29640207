import { existsSync, readFileSync } from 'node:fs'

import { Compile } from 'typebox/schema'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { OPERATIONS, PATH_PARAMETERS } from '#opcp'

import { startScene, type CentralScene } from '../central.fixture.ts'
import { JSON_TYPE, rawRequest } from '../raw-request.fixture.ts'
import { openApiDocument } from './document.ts'

const REFERENCE = new URL('../../../shared/reference/opcp-1.0.0/openapi/', import.meta.url)
const METHODS = ['get', 'head', 'put', 'post', 'delete', 'patch']

let scene: CentralScene
let document: Json
beforeAll(async () => {
  scene = await startScene()
  document = asObject((await rawRequest(scene, 'GET', '/openapi.json')).body)
})
afterAll(() => scene[Symbol.asyncDispose]())

type Json = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {}
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

interface Documented {
  readonly method: string
  readonly path: string
  readonly operation: Json
}

function operationsOf(paths: unknown): readonly Documented[] {
  return Object.entries(asObject(paths)).flatMap(([path, item]) =>
    Object.entries(asObject(item))
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({ method, path, operation: asObject(operation) })),
  )
}

/** Every object of the document with where it is. */
function* objectsIn(value: unknown, at = '#'): Generator<readonly [string, Json]> {
  if (isObject(value)) yield [at, value]
  if (typeof value === 'object' && value !== null)
    for (const [member, inner] of Object.entries(value)) yield* objectsIn(inner, `${at}/${member}`)
}

function resolved(reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, member) => asObject(inner)[member], document)
}

/** The path without the names of its parameters, be they written `:name` or `{name}`. */
function shape(path: string): string {
  return path.replaceAll(/\{[\w-]+\}|:\w+/g, '{}').replace(/\/$/, '')
}

describe('the document is OpenAPI 3.1', () => {
  test('with the members that must be there and no others', () => {
    const members = ['openapi', 'info', 'servers', 'tags', 'paths', 'webhooks', 'components']
    expect(Object.keys(document)).toEqual(members)
    expect(asObject(document['info'])).toMatchObject({ title: expect.any(String), version: '1.0.0' })
    expect(Object.keys(asObject(document['components'])).toSorted()).toEqual(
      ['headers', 'responses', 'schemas', 'securitySchemes'].toSorted(),
    )
  })

  test('every reference leads somewhere, and everything kept for reference is referred to', () => {
    const references = new Set([...objectsIn(document)].flatMap(([, { $ref }]) => $ref ?? []).map(String))
    expect([...references].filter((reference) => resolved(reference) === undefined)).toEqual([])
    const { headers, responses, schemas } = asObject(document['components'])
    for (const [kind, named] of Object.entries({ headers, responses, schemas }))
      for (const name of Object.keys(asObject(named)))
        expect(references).toContain(`#/components/${kind}/${name}`)
  })

  test('every operation has a summary, answers with a success and a failure, and ids are given once', () => {
    const operations = operationsOf(document['paths'])
    for (const { method, path, operation } of operations) {
      const statuses = Object.keys(asObject(operation['responses']))
      expect(operation['summary'], `${method} ${path}`).toMatch(/^[A-Z].*\.$/)
      expect(
        statuses.some((status) => status.startsWith('2')),
        `${method} ${path}`,
      ).toBe(true)
      expect(statuses, `${method} ${path}`).toContain('500')
      for (const response of Object.values(asObject(operation['responses'])))
        expect('$ref' in asObject(response) || 'description' in asObject(response)).toBe(true)
      if (method === 'get' || method === 'head' || method === 'delete')
        expect(operation, `${method} ${path}`).not.toHaveProperty('requestBody')
    }
    const ids = operations.flatMap(({ operation }) => operation['operationId'] ?? [])
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('path templates and path parameters are the same, and no parameter is named twice', () => {
    for (const { method, path, operation } of operationsOf(document['paths'])) {
      const parameters = asList(operation['parameters']).map(asObject)
      const inPath = parameters.filter((parameter) => parameter['in'] === 'path')
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      expect(
        inPath.map(({ name }) => name),
        `${method} ${path}`,
      ).toEqual(names)
      for (const parameter of inPath) expect(parameter['required']).toBe(true)
      const keys = parameters.map(({ in: place, name }) => JSON.stringify([place, name]))
      expect(new Set(keys).size).toBe(keys.length)
      for (const parameter of parameters) expect(parameter).toHaveProperty('schema')
    }
    const shapes = Object.keys(asObject(document['paths'])).map(shape)
    expect(new Set(shapes).size).toBe(shapes.length)
  })

  test('security and tags name what is declared', () => {
    const schemes = asObject(asObject(document['components'])['securitySchemes'])
    const tags = asList(document['tags']).map((tag) => asObject(tag)['name'])
    const flow = asObject(asObject(asObject(schemes['clientCredentials'])['flows'])['clientCredentials'])
    for (const { path, operation } of operationsOf(document['paths'])) {
      expect(tags, `at ${path}`).toEqual(expect.arrayContaining([...asList(operation['tags'])]))
      for (const requirement of asList(operation['security']).map(asObject)) {
        expect(Object.keys(schemes)).toEqual(expect.arrayContaining(Object.keys(requirement)))
        const scopes = asList(requirement['clientCredentials'])
        expect(Object.keys(asObject(flow['scopes']))).toEqual(expect.arrayContaining([...scopes]))
      }
    }
  })

  test('schemas compile, and take their own examples', () => {
    const { components = {} } = document
    const schemas = Object.entries(asObject(asObject(components)['schemas']))
    expect(schemas.length).toBeGreaterThan(20)
    for (const [name, schema] of schemas) {
      const whole: Readonly<Record<string, unknown>> = { ...asObject(schema), components }
      const compiled = Compile(whole)
      for (const example of asList(asObject(schema)['examples']))
        expect(compiled.Errors(example), `schema ${name}`).toEqual([true, []])
    }
  })
})

describe('the document tells of what is served', () => {
  test('every operation of the tables under every spelling, with its body and answers', () => {
    const documented = new Map(
      operationsOf(document['paths']).map(({ method, path, operation }) => [
        `${method} ${shape(path)}`,
        operation,
      ]),
    )
    const missing: string[] = []
    for (const operation of Object.values(OPERATIONS)) {
      const { method, path } = operation
      for (const url of [path, ...('aliases' in operation ? operation.aliases : [])]) {
        const told = documented.get(`${method.toLowerCase()} ${shape(url)}`)
        if (told === undefined) missing.push(`${method} ${url}`)
        else {
          expect(told).toMatchObject({ summary: operation.summary, tags: [operation.scope] })
          expect('requestBody' in told).toBe('request' in operation)
          expect(Object.keys(asObject(told['responses']))).toEqual(
            expect.arrayContaining(['400', '401', '403', ...Object.keys(operation.answers)]),
          )
        }
      }
    }
    expect(missing).toEqual([])
  })

  test('every path of it is a route: nothing else is answered as unknown', async () => {
    for (const { method, path } of operationsOf(document['paths'])) {
      const url = path.replaceAll(/\{\w+\}/g, 'x')
      const { status, body } = await rawRequest(scene, method.toUpperCase(), url, { headers: JSON_TYPE })
      expect([200, 400, 401, 404], `${method} ${path}`).toContain(status)
      expect(body).not.toMatchObject({ errorMessages: ['Unknown path or method.'] })
    }
  })

  test.skipIf(!existsSync(REFERENCE))(
    'every operation of the published files is in it (not run: ../shared is absent)',
    () => {
      const ours = operationsOf(document['paths']).map(({ method, path }) => `${method} ${shape(path)}`)
      const published = ['accessToken', 'rcp', 'pcp', 'cps', 'ccp', 'est', 'webhooks'].flatMap((name) => {
        const file: unknown = JSON.parse(readFileSync(new URL(`${name}.v1.json`, REFERENCE), 'utf8'))
        return operationsOf(asObject(file)['paths']).map(({ method, path }) => `${method} ${shape(path)}`)
      })
      expect(published.length).toBe(29)
      expect(published.filter((operation) => !ours.includes(operation))).toEqual([])
    },
  )
})

describe('a document', () => {
  test('has one path for routes that differ in the names of their parameters alone', () => {
    const described = { summary: 'Tries.', answers: { 200: {} } }
    const { paths } = openApiDocument([
      { method: 'GET', url: '/a/:pcid', description: described },
      { method: 'DELETE', url: '/a/:emaid', description: described },
      { method: 'GET', url: '/a/:pcid/:emaid', description: described },
    ])
    expect(Object.keys(asObject(paths))).toEqual(['/a/{pcidOrEmaid}', '/a/{pcid}/{emaid}'])
    const { get, delete: remove } = asObject(asObject(paths)['/a/{pcidOrEmaid}'])
    expect(get).toMatchObject({ parameters: [{ name: 'pcidOrEmaid', schema: PATH_PARAMETERS.pcid }] })
    expect(remove).toMatchObject({ parameters: [{ name: 'pcidOrEmaid', schema: PATH_PARAMETERS.emaid }] })
  })

  test('cannot have two schemas of one name', () => {
    const [a, b] = ['string', 'number'].map((type) => ({
      summary: 'Tries.',
      answers: { 200: { title: 'Twice', type } },
    }))
    if (a === undefined || b === undefined) throw new TypeError('there are two')
    expect(() =>
      openApiDocument([
        { method: 'GET', url: '/a', description: a },
        { method: 'GET', url: '/b', description: b },
      ]),
    ).toThrow('two schemas are called Twice')
  })
})
