import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { ServiceError, type ErrorCode } from '../../../src/errors.ts'
import { createHttpService, type Answer, type HttpService, type Json } from '../../support/http-service.ts'
import { documentedRequests, type DocumentedRequest } from '../../support/openapi-requests.ts'

const FAILING: Readonly<Record<string, ErrorCode>> = {
  SLOW: 'provider_timeout',
  DOWN: 'provider_unavailable',
  BUSY: 'provider_rate_limited',
  WRONG: 'provider_bad_data',
  GONE: 'symbol_delisted',
  NONE: 'symbol_not_found',
}

test('the document is a valid OpenAPI 3.1 document', async (t) => {
  const service = await createHttpService(t)
  const { valid, errors } = await new Validator().validate((await service.ask('/openapi.json')).json())
  assert.ok(valid, JSON.stringify(errors))
})

test('2,000 requests generated from the document, valid and invalid, get only responses that it declares', async (t) => {
  const service = await createHttpService(t)
  const known = await furnish(service)
  // Some of the requests create and revoke keys: after the first one, only requests with a key succeed.
  const { key } = await service.issueKey('admin')
  const document = (await service.ask('/openapi.json')).json()
  const check = createCheck(document)
  const address = await service.listen()
  const statuses = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(documentedRequests(document, known), async (request) => {
      const keyed = { ...request, headers: { ...request.headers, 'x-api-key': key } }
      const answer = request.path.startsWith('/prices/stream') ? await peek(address, keyed) : await send(service, keyed)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
      check(request, answer)
    }),
    { numRuns: 2_000 },
  )
  t.diagnostic(JSON.stringify(Object.fromEntries(statuses)))
  // The requests cover both sides: many succeed, and every kind of refusal is among the others.
  assert.ok((statuses.get(200) ?? 0) > 500)
  for (const kind of [[202], [404], [422], [502, 503, 504]]) {
    assert.ok(
      kind.some((status) => statuses.has(status)),
      `none is ${kind.join()}`,
    )
  }
})

test('the document is complete: every route, each with an id, descriptions, examples and its errors', async (t) => {
  const { ask } = await createHttpService(t)
  const document = (await ask('/openapi.json')).json()
  assert.equal(document.openapi, '3.1.0')
  assert.deepEqual(document.servers[0].url, '/')
  assert.deepEqual(Object.keys(document.paths).toSorted(), PATHS)
  const operations = Object.values<Json>(document.paths).flatMap((methods) => Object.values<Json>(methods))
  const ids = operations.map((operation) => operation.operationId)
  assert.equal(new Set(ids).size, operations.length)
  for (const operation of operations) assertComplete(operation)
  assert.equal(document.components.schemas.Price.properties.price.type, 'number')
})

function assertComplete({ operationId, summary, tags, responses, parameters = [] }: Json): void {
  assert.ok(summary && tags.length === 1, operationId)
  for (const status of ['400', '403', '422', '500', '503']) {
    const content = responses[status].content['application/problem+json']
    assert.ok(content.schema.$ref.includes('Problem'), `${operationId} ${status}`)
    assert.ok(Object.keys(content.examples).length > 0, `${operationId} ${status}`)
  }
  for (const { description } of Object.values<Json>(responses))
    assert.notEqual(description, 'Default Response', operationId)
  for (const { name, schema, example, description } of parameters) {
    const says = [example, schema.enum, schema.const, schema.anyOf, schema.default, description]
    assert.ok(
      says.some((one) => one !== undefined),
      `${operationId} ${name}`,
    )
  }
}

const PATHS = [
  '/',
  '/health',
  '/keys',
  '/keys/{key_id}',
  '/livez',
  '/metrics',
  '/moving-averages',
  '/moving-averages/latest',
  '/prices/history',
  '/prices/latest',
  '/prices/poll',
  '/prices/poll/{job_id}',
  '/prices/poll/{job_id}/run',
  '/prices/poll/{job_id}/runs',
  '/prices/stream',
  '/prices/{id}/lineage',
  '/providers',
  '/raw-responses/{id}',
  '/raw-responses/{id}/body',
  '/readyz',
  '/session',
  '/symbols',
  '/version',
]

/** Data to find: prices, averages, jobs, and symbols for which the provider fails in every way. */
async function furnish({ ask, source, store, issueKey }: HttpService) {
  await store(...[0, 1, 2, 3, 4, 5].map((n) => ({ time: `2025-01-01T00:0${n}:00Z`, price: `${n + 1}.${n}` })))
  for (const [symbol, code] of Object.entries(FAILING)) source.says(symbol, new ServiceError(code, 'As scripted.'))
  const body = { symbols: ['AAPL', 'MSFT', 'NVDA'], interval_seconds: 60 }
  const { job_ids } = (await ask('/prices/poll', { method: 'POST', body })).json()
  const { keyId } = await issueKey('read')
  const symbols = ['AAPL', 'aapl', 'MSFT', 'BRK-B', '^GSPC', 'EURUSD=X', ...Object.keys(FAILING)]
  return {
    symbol: symbols,
    symbols: ['AAPL,MSFT', 'aapl', 'SLOW,AAPL,NONE', symbols.slice(0, 3).join(',')],
    currency: ['USD', 'GBp'],
    provider: ['scripted', 'scripted', 'alias', 'none'],
    job_id: [...job_ids, 'x', '0197f0c2-6a5c-4c11-9d4e-0a3f5b0c6a11'],
    id: ['1', '2', '6', '999', 'x'],
    key_id: [keyId, 'x'],
    window: ['3', '5', '5', '7'],
    from: ['2025-01-01', '2025-01-01T00:02:00+01:00'],
    to: ['2025-01-02', '2025-01-01T00:04:00.5Z'],
    'last-event-id': ['0-0-0', 'x'],
  }
}

function send(service: HttpService, { method, path, headers, body }: DocumentedRequest): Promise<Answer> {
  const typed = body === undefined ? {} : { 'content-type': 'application/json' }
  const payload = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
  return service.ask(path, { method, headers: { ...typed, ...headers }, ...payload })
}

/** A stream never ends, so only its beginning is checked. */
async function peek(address: string, { path, headers }: DocumentedRequest): Promise<Answer> {
  const leave = new AbortController()
  const response = await fetch(address + path, { headers, signal: leave.signal })
  const text = response.status === 200 ? '' : await response.text()
  leave.abort()
  return { status: response.status, headers: Object.fromEntries(response.headers), text, json: () => JSON.parse(text) }
}

function createCheck(document: Json) {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  ajv.addSchema({ ...document, $id: 'openapi' })
  const validators = new Map<Json, ReturnType<typeof ajv.compile>>()
  const validatorOf = (schema: Json) => {
    const rooted = schema.$ref
      ? { $ref: `openapi${schema.$ref}` }
      : JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/'))
    const validator = validators.get(schema) ?? ajv.compile(rooted)
    validators.set(schema, validator)
    return validator
  }
  return ({ operation, method, path }: DocumentedRequest, answer: Answer) => {
    const what = `${method} ${path.slice(0, 200)} → ${answer.status} ${answer.text.slice(0, 300)}`
    const declared = operation.responses[answer.status]
    assert.ok(declared, `not declared: ${what}`)
    assert.notEqual(answer.status, 500, what)
    if (declared.content === undefined) return assert.equal(answer.text, '', what)
    const type = String(answer.headers['content-type']).split(';')[0]
    const media = Object.entries<Json>(declared.content).find(([name]) => name.split(';')[0] === type)
    assert.ok(media, `not as ${type}: ${what}`)
    if (answer.status >= 400) assert.equal(type, 'application/problem+json', what)
    if (!type?.endsWith('json')) return
    const validate = validatorOf(media[1].schema)
    assert.ok(validate(answer.json()), `${ajv.errorsText(validate.errors)}: ${what}`)
  }
}
