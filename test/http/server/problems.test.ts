import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError, type ErrorCode } from '../../../src/errors.ts'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { toStorageError } from '../../../src/postgres/connection/errors.ts'
import { createReadHistory } from '../../../src/postgres/prices/history.ts'
import { createHttpService, type Answer } from '../../support/http-service.ts'

type Row = readonly [
  what: string,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> },
  status: number,
  code: ErrorCode,
]

const JOB = { symbol: 'AAPL', interval_seconds: 60 }
const JSON_TYPE = { 'content-type': 'application/json' }
const NO_JOB = '/prices/poll/0197f0c2-6a5c-4c11-9d4e-0a3f5b0c6a11'

const ROWS: readonly Row[] = [
  ['malformed JSON', 'POST', '/prices/poll', { body: '{"symbol":', headers: JSON_TYPE }, 400, 'malformed_request'],
  [
    'a poisoned prototype',
    'POST',
    '/prices/poll',
    { body: '{"__proto__":{}}', headers: JSON_TYPE },
    400,
    'malformed_request',
  ],
  ['a badly encoded path', 'GET', '/prices/%zz', {}, 400, 'malformed_request'],
  ['no body', 'POST', '/prices/poll', {}, 422, 'invalid_request'],
  ['an empty body', 'POST', '/prices/poll', { body: '', headers: JSON_TYPE }, 422, 'invalid_request'],
  ['a body that is a list', 'POST', '/prices/poll', { body: [] }, 422, 'invalid_request'],
  ['a missing symbol', 'POST', '/prices/poll', { body: { interval_seconds: 60 } }, 422, 'invalid_request'],
  ['symbol and symbols', 'POST', '/prices/poll', { body: { ...JOB, symbols: ['MSFT'] } }, 422, 'invalid_request'],
  ['no interval', 'POST', '/prices/poll', { body: { symbol: 'AAPL' } }, 422, 'invalid_request'],
  ['two intervals', 'POST', '/prices/poll', { body: { ...JOB, interval_minutes: 1 } }, 422, 'invalid_request'],
  ['an interval of no time', 'POST', '/prices/poll', { body: { ...JOB, interval_seconds: 0 } }, 422, 'invalid_request'],
  ['a number as text', 'POST', '/prices/poll', { body: { ...JOB, interval_seconds: '60' } }, 422, 'invalid_request'],
  ['an unknown member', 'POST', '/prices/poll', { body: { ...JOB, colour: 'red' } }, 422, 'invalid_request'],
  ['a symbol that is none', 'POST', '/prices/poll', { body: { ...JOB, symbol: '../etc' } }, 422, 'invalid_request'],
  [
    'more than 100 symbols',
    'POST',
    '/prices/poll',
    { body: { symbols: Array.from({ length: 101 }, (_, n) => `S${n}`), interval_seconds: 60 } },
    422,
    'invalid_request',
  ],
  ['an unknown query field', 'GET', '/prices/latest?symbol=AAPL&colour=red', {}, 422, 'invalid_request'],
  ['an unknown query field where there are none', 'GET', '/livez?colour=red', {}, 422, 'invalid_request'],
  ['neither symbol nor symbols', 'GET', '/prices/latest', {}, 422, 'invalid_request'],
  ['a bad symbol', 'GET', '/prices/latest?symbol=A%20B', {}, 422, 'invalid_request'],
  ['a symbol twice', 'GET', '/prices/latest?symbol=A&symbol=B', {}, 422, 'invalid_request'],
  ['a negative age', 'GET', '/prices/latest?symbol=AAPL&max_age=-1', {}, 422, 'invalid_request'],
  ['an age that is not a number', 'GET', '/prices/latest?symbol=AAPL&max_age=soon', {}, 422, 'invalid_request'],
  ['a limit of none', 'GET', '/prices/history?symbol=AAPL&limit=0', {}, 422, 'invalid_request'],
  ['a limit beyond the largest', 'GET', '/prices/history?symbol=AAPL&limit=10001', {}, 422, 'invalid_request'],
  ['an invalid time', 'GET', '/prices/history?symbol=AAPL&from=yesterday!', {}, 422, 'invalid_request'],
  ['a day that is none', 'GET', '/prices/history?symbol=AAPL&to=2025-02-30', {}, 422, 'invalid_request'],
  ['the year zero', 'GET', '/prices/history?symbol=AAPL&from=0000-01-01', {}, 422, 'invalid_request'],
  ['a cursor that is none', 'GET', '/prices/history?symbol=AAPL&cursor=x', {}, 422, 'invalid_request'],
  ['a window that is not kept', 'GET', '/moving-averages?symbol=AAPL&window=4', {}, 422, 'invalid_request'],
  ['a zero byte', 'GET', '/symbols?q=%00', {}, 422, 'invalid_request'],
  ['an empty change', 'PATCH', NO_JOB, { body: {} }, 422, 'invalid_request'],
  ['a status nobody may set', 'PATCH', NO_JOB, { body: { status: 'failing' } }, 422, 'invalid_request'],
  ['a body beyond 64 KiB', 'POST', '/prices/poll', { body: { symbol: 'A'.repeat(65_537) } }, 413, 'payload_too_large'],
  [
    'a body that is not JSON by its type',
    'POST',
    '/prices/poll',
    { body: JSON.stringify(JOB), headers: { 'content-type': 'text/plain' } },
    415,
    'unsupported_media_type',
  ],
  [
    'a form',
    'POST',
    '/prices/poll',
    { body: 'symbol=AAPL', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'unsupported_media_type',
  ],
  ['an unknown route', 'GET', '/nowhere', {}, 404, 'not_found'],
  ['an unknown job', 'GET', NO_JOB, {}, 404, 'not_found'],
  ['a job id that is none', 'GET', '/prices/poll/17', {}, 404, 'not_found'],
  ['a job id of 300 letters', 'GET', `/prices/poll/${'x'.repeat(300)}`, {}, 404, 'not_found'],
  ['a change of an unknown job', 'PATCH', NO_JOB, { body: { status: 'paused' } }, 404, 'not_found'],
  ['the end of an unknown job', 'DELETE', NO_JOB, {}, 404, 'not_found'],
  ['a run of an unknown job', 'POST', `${NO_JOB}/run`, {}, 404, 'not_found'],
  ['the runs of an unknown job', 'GET', `${NO_JOB}/runs`, {}, 404, 'not_found'],
  ['an unknown price', 'GET', '/prices/999/lineage', {}, 404, 'not_found'],
  ['a price id that is none', 'GET', '/prices/1.5/lineage', {}, 404, 'not_found'],
  ['a price id beyond all', 'GET', `/prices/${'9'.repeat(30)}/lineage`, {}, 404, 'not_found'],
  ['an unknown reply', 'GET', '/raw-responses/999', {}, 404, 'not_found'],
  ['the bytes of an unknown reply', 'GET', '/raw-responses/x/body', {}, 404, 'not_found'],
  ['an unknown provider', 'GET', '/prices/latest?symbol=AAPL&provider=none', {}, 404, 'unknown_provider'],
  [
    'an unknown provider of a job',
    'POST',
    '/prices/poll',
    { body: { ...JOB, provider: 'x' } },
    404,
    'unknown_provider',
  ],
  ['an unknown provider of a stream', 'GET', '/prices/stream?provider=none', {}, 404, 'unknown_provider'],
  ['too few prices', 'GET', '/moving-averages/latest?symbol=AAPL', {}, 404, 'not_enough_prices'],
  ['another method', 'DELETE', '/prices/latest', {}, 405, 'method_not_allowed'],
  [
    'another method with a body that is no JSON',
    'POST',
    '/livez',
    { body: '{', headers: JSON_TYPE },
    405,
    'method_not_allowed',
  ],
  ['TRACE', 'TRACE', '/prices/latest', {}, 405, 'method_not_allowed'],
  ['OPTIONS', 'OPTIONS', NO_JOB, {}, 405, 'method_not_allowed'],
  ['HEAD of a stream', 'HEAD', '/prices/stream', {}, 405, 'method_not_allowed'],
  ['a place in no log', 'GET', '/prices/stream', { headers: { 'last-event-id': 'x' } }, 422, 'invalid_request'],
]

test('every client error is answered with its status and code, as a problem', async (t) => {
  const service = await createHttpService(t)
  for (const [what, method, path, options, status, code] of ROWS) {
    const answer = await service.ask(path, { method, ...options })
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
    if (method !== 'HEAD') assertProblem(answer, code, what)
    if (status === 405) assert.match(String(answer.headers['allow']), /^[A-Z, ]+$/, what)
  }
})

const PROVIDER_FAILURES: readonly (readonly [ErrorCode, number])[] = [
  ['symbol_not_found', 404],
  ['symbol_delisted', 404],
  ['no_price', 404],
  ['provider_rate_limited', 503],
  ['provider_unavailable', 502],
  ['provider_timeout', 504],
  ['provider_bad_data', 502],
]

test('every provider failure has its own status, and names the provider and when to retry', async (t) => {
  const { ask, source } = await createHttpService(t)
  for (const [code, status] of PROVIDER_FAILURES) {
    source.says(
      'AAPL',
      new ServiceError(code, 'As scripted.', { provider: 'scripted', symbol: 'AAPL', retryAfterSeconds: 7.2 }),
    )
    const answer = await ask('/prices/latest?symbol=AAPL')
    assert.equal(answer.status, status, code)
    assertProblem(answer, code, code)
    const { provider, symbol, retry_after } = answer.json()
    assert.deepEqual([provider, symbol, retry_after], ['scripted', 'AAPL', 8])
    assert.equal(answer.headers['retry-after'], '8')
  }
})

test('an unavailable database is 503 with Retry-After on every route that needs it, and reveals nothing about it', async (t) => {
  const away = createPool(
    { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' },
    { size: 1, onError: () => {} },
  )
  t.after(() => away.end())
  const { ask } = await createHttpService(t, {
    prices: { readHistory: createReadHistory(away) },
    health: { ready: async () => void (await away.query('select 1')) },
  })
  for (const path of ['/prices/history?symbol=AAPL', '/prices/history?symbol=AAPL&format=csv', '/readyz']) {
    const answer = await ask(path)
    assert.equal(answer.status, 503, path)
    assertProblem(answer, 'storage_unavailable', path)
    assert.equal(answer.headers['retry-after'], '2')
    assert.doesNotMatch(answer.text, /127\.0\.0\.1|ECONN|nobody/)
  }
  assert.equal((await ask('/livez')).status, 200)
})

for (const [what, error] of [
  ['a file of PostgreSQL', { code: '53100', message: 'could not extend file "base/5/1": No space left on device' }],
  ['its log', { code: '58030', message: 'could not write to file "pg_wal/x": No space left on device' }],
] as const) {
  test(`a disk too full for ${what} is 503 and reported as full, without naming the file`, async (t) => {
    const { ask } = await createHttpService(t, {
      prices: { readHistory: () => Promise.reject(toStorageError(Object.assign(new Error(error.message), error))) },
    })
    const answer = await ask('/prices/history?symbol=AAPL')
    assert.equal(answer.status, 503)
    assertProblem(answer, 'storage_unavailable', what)
    assert.equal(answer.json().detail, 'The disk is full.')
  })
}

test('an internal error is 500 and does not reveal its reason', async (t) => {
  const { ask } = await createHttpService(t, {
    prices: { readHistory: () => Promise.reject(new Error('select secret from /home/us')) },
  })
  const answer = await ask('/prices/history?symbol=AAPL')
  assert.equal(answer.status, 500)
  assertProblem(answer, 'internal', 'internal')
  assert.doesNotMatch(answer.text, /secret|home/)
})

/** A prefix of the process and a number. */
const OWN_ID = /^[0-9a-f]{12}-\d+$/

test("the caller's request id is returned if it is harmless, and replaced if it is not", async (t) => {
  const { ask } = await createHttpService(t)
  const echoed = await ask('/nowhere', { headers: { 'x-request-id': 'abc-123' } })
  assert.equal(echoed.headers['x-request-id'], 'abc-123')
  assert.equal(echoed.json().request_id, 'abc-123')
  const replaced = await ask('/livez', { headers: { 'x-request-id': 'a"b<script>' } })
  assert.match(String(replaced.headers['x-request-id']), OWN_ID)
})

test('without an id of the caller each request gets one of its own, also in another process', async (t) => {
  const services = [await createHttpService(t), await createHttpService(t)]
  const answers = await Promise.all(
    [...services, ...services].map(async ({ ask }) => String((await ask('/livez')).headers['x-request-id'])),
  )
  assert.equal(new Set(answers).size, answers.length)
  for (const id of answers) assert.match(id, OWN_ID)
})

function assertProblem(answer: Answer, code: ErrorCode, what: string): void {
  assert.equal(answer.headers['content-type'], 'application/problem+json; charset=utf-8', what)
  const { type, title, status, detail, request_id, retryable, ...problem } = answer.json()
  assert.equal(problem.code, code, what)
  assert.equal(type, `urn:market-data:problem:${code}`)
  assert.equal(status, answer.status)
  assert.equal(request_id, answer.headers['x-request-id'] ?? request_id)
  assert.deepEqual([typeof title, typeof detail, typeof retryable], ['string', 'string', 'boolean'])
}
