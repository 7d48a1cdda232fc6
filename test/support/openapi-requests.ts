import fc from 'fast-check'
import type { Json } from './http-service.ts'

/** A request generated from the document, and the operation that must declare its response. */
export type DocumentedRequest = {
  readonly operation: Json
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body: unknown
}

/** Existing values by parameter name: a random id would always be 404. */
export type Known = Readonly<Record<string, readonly string[]>>

/** Requests for every operation of an OpenAPI document, valid and invalid. */
export function documentedRequests(document: Json, known: Known): fc.Arbitrary<DocumentedRequest> {
  const operations = Object.entries<Json>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Json>(methods).map(([method, operation]) => requestsOf({ path, method, operation }, known)),
  )
  return fc.oneof(...operations)
}

type Documented = { readonly path: string; readonly method: string; readonly operation: Json }

/** Parameters that exclude each other, as the descriptions in the document say. */
const ALTERNATIVES = [
  ['symbol', 'symbols'],
  ['interval_minutes', 'interval_seconds'],
] as const

function requestsOf(documented: Documented, known: Known): fc.Arbitrary<DocumentedRequest> {
  const parameters: Json[] = documented.operation.parameters ?? []
  const schema = documented.operation.requestBody?.content['application/json'].schema
  const values = Object.fromEntries(parameters.map((parameter) => [parameter.name, valueOf(parameter, known)]))
  const junk = Object.fromEntries(parameters.map((parameter) => [parameter.name, JUNK]))
  const good = fc.record({ values: fc.record(values).chain(oneOfEach), body: schema ? bodyOf(schema, known) : NO_BODY })
  const bad = fc.record({
    values: merged(fc.record(values), fc.record(junk, { requiredKeys: [] }), EXTRA),
    body: schema ? fc.oneof(fc.jsonValue(), spoiled(bodyOf(schema, known)), fc.string()) : NO_BODY,
  })
  return fc.oneof(good, good, bad).map((given) => toRequest(documented, given))
}

type Given = { readonly values: Readonly<Record<string, unknown>>; readonly body: unknown }

function toRequest({ path, method, operation }: Documented, { values, body }: Given): DocumentedRequest {
  const locations = new Map<string, string>(
    (operation.parameters ?? []).map(({ name, in: location }: Json) => [name, location]),
  )
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  let url = path
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  for (const [name, value] of given) {
    const location = locations.get(name) ?? 'query'
    if (location === 'path') url = url.replace(`{${name}}`, encodeURIComponent(String(value)) || '-')
    if (location === 'query') query.append(name, String(value))
    if (location === 'header') headers[name] = headerSafe(String(value))
  }
  return {
    operation,
    method: method.toUpperCase(),
    path: query.size > 0 ? `${url}?${query.toString()}` : url,
    headers,
    body,
  }
}

function oneOfEach<T extends object>(values: T): fc.Arbitrary<T> {
  return fc.boolean().map((first) => {
    const left = ALTERNATIVES.filter((pair) => pair.every((name) => (values as Json)[name] !== undefined))
    const dropped = new Set<string>(left.map(([one, other]) => (first ? one : other)))
    return Object.fromEntries(Object.entries(values).filter(([name]) => !dropped.has(name))) as T
  })
}

function valueOf({ name, required, schema, example }: Json, known: Known): fc.Arbitrary<unknown> {
  const made = known[name] ? fc.constantFrom(...known[name]) : arbitraryOf(schema)
  const value = example === undefined || known[name] ? made : fc.oneof(made, fc.constant(example))
  return required || name.startsWith('symbol') ? value : fc.option(value, { nil: undefined, freq: 2 })
}

function bodyOf(schema: Json, known: Known): fc.Arbitrary<unknown> {
  const members = Object.entries<Json>(schema.properties).map(
    ([name, member]) =>
      [name, known[name] && member.type === 'string' ? fc.constantFrom(...known[name]) : arbitraryOf(member)] as const,
  )
  return fc.oneof(
    fc.record(Object.fromEntries(members)).chain(oneOfEach),
    fc.record(Object.fromEntries(members), { requiredKeys: schema.required ?? [] }),
    fc.constantFrom(...(schema.examples ?? [{}])),
  )
}

function spoiled(body: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return merged(body as fc.Arbitrary<object>, fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 1 }))
}

/** Later members override earlier ones. */
function merged(...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<Record<string, unknown>> {
  return fc.tuple(...parts).map((objects) => Object.assign({}, ...objects))
}

/** A value that the schema allows. */
function arbitraryOf(schema: Json): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(arbitraryOf))
  const { minimum: min, maximum: max } = schema
  switch (schema.type) {
    case 'integer':
      return fc.integer({ min, max })
    case 'number':
      return fc.double({ min, max, noNaN: true })
    case 'boolean':
      return fc.boolean()
    case 'array':
      return fc.array(arbitraryOf(schema.items), { minLength: schema.minItems ?? 0, maxLength: 5 })
    default:
      return textOf(schema)
  }
}

function textOf({ pattern, minLength, maxLength, examples = [] }: Json): fc.Arbitrary<string> {
  const made = pattern
    ? fc.stringMatching(new RegExp(pattern, 'u'), { size: '-1' })
    : fc.string({ minLength: minLength ?? 0, maxLength: maxLength ?? 50 })
  return examples.length > 0 ? fc.oneof(made, fc.constantFrom<string>(...examples)) : made
}

const NO_BODY = fc.constant(undefined)
const JUNK = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', '\0', '%', '-1', '0', '1e999', 'NaN', 'null', '[]', '{}', "' or 1=1 --", '../..', 'é', '😀'),
  fc.constantFrom('9'.repeat(40), 'x'.repeat(3_000), '2025-02-30T00:00:00Z', '-infinity', '1-18446744073709551616-1'),
  fc.double().map(String),
)
const EXTRA = fc.oneof(fc.constant({}), fc.dictionary(fc.string({ minLength: 1 }), JUNK, { maxKeys: 2 }))

/** Replaces characters that Node refuses to send in a header. */
function headerSafe(value: string): string {
  return value.replaceAll(/[^\x20-\x7e]/g, '?')
}
