/** Holds answers of central against the published OpenAPI files: the judge of every test that asks over HTTP. */
import { existsSync, readFileSync } from 'node:fs'

import { Compile, type Validator } from 'typebox/schema'

import { DEVIATIONS, EXTRA_STATUSES, LEGACY_PATHS, type Deviation } from './reference-deviations.fixture.ts'

const REFERENCE = new URL('../../shared/reference/opcp-1.0.0/openapi/', import.meta.url)
const FILES = ['accessToken', 'rcp', 'pcp', 'cps', 'ccp', 'est', 'webhooks']
const METHODS = ['get', 'put', 'post', 'delete']

/** Without it nothing is judged: tests that are about the reference say so by `skipIf`. */
export const HAS_REFERENCE = existsSync(REFERENCE)

export interface JudgedAnswer {
  readonly method: string
  /** With or without a query. */
  readonly path: string
  readonly status: number
  readonly contentType: string
  /** Parsed; `undefined` when there was none. */
  readonly body: unknown
}

/** What an answer breaks, as one sentence. `undefined`: nothing, or the files do not have the operation. */
export function complaintAbout(answer: JudgedAnswer): string | undefined {
  const operation = operationOf(answer)
  if (operation === undefined) return undefined
  const { name, responses } = operation
  const what = `${name} answered ${answer.status}`
  if (!(answer.status in responses || '5XX' in responses || EXTRA_STATUSES.has(answer.status)))
    return `${what}, which the published files do not have`
  if (!answer.contentType.startsWith('application/json')) return undefined
  const [fits, errors] = schemaOf(operation, answer.status).Errors(answer.body)
  return fits ? undefined : `${what} with a body that does not fit: ${JSON.stringify(errors)}`
}

type Json = Readonly<Record<string, unknown>>

interface PublishedOperation {
  readonly name: string
  readonly method: string
  readonly pattern: RegExp
  readonly file: Json
  readonly responses: Json
}

let read: readonly PublishedOperation[] | undefined

function operations(): readonly PublishedOperation[] {
  read ??= HAS_REFERENCE ? FILES.flatMap(operationsOfFile) : []
  return read
}

function operationsOfFile(name: string): readonly PublishedOperation[] {
  const file = asObject(JSON.parse(readFileSync(new URL(`${name}.v1.json`, REFERENCE), 'utf8')))
  return Object.entries(asObject(file['paths'])).flatMap(([path, item]) =>
    Object.entries(asObject(item))
      .filter(([method]) => METHODS.includes(method))
      .map(([method, operation]) => ({
        name: `${method.toUpperCase()} ${path}`,
        method: method.toUpperCase(),
        pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{[\w-]+\}/g, '[^/]+')}?$`),
        file,
        responses: asObject(asObject(operation)['responses']),
      })),
  )
}

function operationOf({
  method,
  path,
}: Pick<JudgedAnswer, 'method' | 'path'>): PublishedOperation | undefined {
  const [bare = ''] = path.split('?')
  const asked = LEGACY_PATHS.get(bare) ?? bare
  return operations().find((operation) => operation.method === method && operation.pattern.test(asked))
}

const schemas = new Map<string, Validator>()

function schemaOf(operation: PublishedOperation, status: number): Validator {
  const key = `${operation.name} ${status}`
  const known = schemas.get(key) ?? Compile(publishedSchema(operation, status))
  schemas.set(key, known)
  return known
}

function publishedSchema({ name, file, responses }: PublishedOperation, status: number): Json {
  const deviations = DEVIATIONS.filter(({ operation = name }) => operation === name)
  const replaced = deviations.find((deviation) => deviation.status === status)?.schema
  const response = asObject(responses[String(status)])
  const content = asObject(asObject(response['content'])['application/json'])
  const schema =
    replaced ?? content['schema'] ?? DEVIATIONS.find((deviation) => deviation.covers?.(status))?.schema
  return asObject(mended(schema, { file, deviations }))
}

/** The schema with its references put in place, and the keywords left out that the files' own examples break. */
function mended(
  node: unknown,
  context: { readonly file: Json; readonly deviations: readonly Deviation[] },
): unknown {
  if (Array.isArray(node)) return node.map((item: unknown) => mended(item, context))
  if (!isObject(node)) return node
  const reference = node['$ref']
  if (typeof reference === 'string') return mended(referred(reference, context.file), context)
  const kept = Object.entries(node).filter(
    ([keyword, value]) => !context.deviations.some(({ ignores }) => ignores?.(keyword, value) === true),
  )
  return Object.fromEntries(kept.map(([keyword, value]) => [keyword, mended(value, context)]))
}

/** Some files refer to others that are published under another name; what they refer to is in every file. */
function referred(reference: string, file: Json): unknown {
  return reference
    .replace(/^.*#\//, '')
    .split('/')
    .reduce<unknown>((inner, member) => asObject(inner)[member], file)
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asObject(value: unknown): Json {
  return isObject(value) ? value : {}
}
