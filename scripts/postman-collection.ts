import { callsOf, isEndless, type Call, type OpenApi, type Parameter } from '../dashboard/docs/document.ts'
import { exampleName, FILLED } from '../dashboard/docs/examples.ts'

// The name and the place of the collection's file are fixed by the assignment that this service answers.

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'

const DESCRIPTION = `Generated from the OpenAPI document by \`npm run docs\`.

Every request works unchanged against \`npm start\`, without internet access, because it uses simulated prices. Run the requests
in order: the \`price_id\`, \`raw_response_id\` and \`job_id\` of each response become variables of the collection for later
requests. The averages need five prices, which exist ten seconds after the first start. The job that a run creates, changes and
deletes is one of LTC-USD; your other jobs stay as they are. If the service requires a key, set the variable \`key\`.

The collection omits the stream, \`GET /prices/stream\`, because a run would never end, and the keys, because the first key
would close the service to the requests that follow.`

/** The demo polls AAPL, and the README creates a job of ETH-USD: the job that a run deletes is neither. */
const BODIES: Readonly<Record<string, unknown>> = {
  createPollingJob: { symbol: 'LTC-USD', interval_minutes: 60, provider: 'simulated' },
}

const VARIABLES = { baseUrl: 'http://127.0.0.1:8000', key: '', price_id: '', raw_response_id: '', job_id: '' }

/** An empty header would be a wrong key. */
const SEND_KEY = `const key = pm.variables.get('key')
if (key) pm.request.headers.upsert({ key: 'x-api-key', value: key })`

const STORE_IDS = `if (pm.response.headers.get('content-type')?.startsWith('application/json')) {
  const body = pm.response.json()
  for (const name of ['price_id', 'raw_response_id', 'job_id']) {
    if (typeof body[name] === 'string') pm.collectionVariables.set(name, body[name])
  }
}`

/** The HTTP API as a Postman collection (2.1): a folder for each tag, and a test of the status for each request. */
export function postmanCollection(document: OpenApi): string {
  const tags = document.tags.filter(({ name }) => name !== 'Access')
  const folders = tags.map(({ name, description }) => ({
    name,
    description,
    item: callsOf(document, name)
      .filter((call) => !isEndless(call))
      // Read before delete.
      .toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
      .map(itemOf),
  }))
  const collection = {
    info: { name: 'Blockhouse Market Data', description: DESCRIPTION, schema: SCHEMA },
    item: folders,
    event: [script('prerequest', SEND_KEY), testScript(STORE_IDS)],
    variable: Object.entries(VARIABLES).map(([key, value]) => ({ key, value })),
  }
  return `${JSON.stringify(collection, undefined, 2)}\n`
}

function itemOf(call: Call) {
  const { method, summary, description, operationId, requestBody } = call
  const example = BODIES[operationId] ?? requestBody?.content['application/json']?.example
  const status = Object.keys(call.responses).find((one) => one.startsWith('2'))
  return {
    name: summary,
    event: [testScript(`pm.test('responds with ${status}', () => pm.response.to.have.status(${status}))`)],
    request: {
      method,
      description,
      header: example === undefined ? [] : [{ key: 'Content-Type', value: 'application/json' }],
      body: example === undefined ? undefined : jsonBody(example),
      url: urlOf(call),
    },
  }
}

function jsonBody(example: unknown) {
  return { mode: 'raw', raw: JSON.stringify(example, undefined, 2), options: { raw: { language: 'json' } } }
}

function urlOf({ path, parameters = [] }: Call) {
  const ofQuery = parameters.filter((parameter) => parameter.in === 'query')
  const enabled = ofQuery.filter(isEnabled).map((parameter) => `${parameter.name}=${exampleOf(parameter)}`)
  const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
  return {
    raw: `{{baseUrl}}${pattern}${enabled.length > 0 ? `?${enabled.join('&')}` : ''}`,
    host: ['{{baseUrl}}'],
    path: pattern.split('/').slice(1),
    query: ofQuery.map((parameter) => ({
      key: parameter.name,
      value: exampleOf(parameter),
      description: parameter.description,
      disabled: !isEnabled(parameter),
    })),
    variable: parameters
      .filter((parameter) => parameter.in === 'path')
      .map(({ name }) => ({ key: name, value: `{{${exampleName(path, name)}}}` })),
  }
}

function isEnabled({ name, required = false }: Parameter): boolean {
  return required || FILLED.has(name)
}

function exampleOf({ example, schema }: Parameter): string {
  const value = example ?? schema.default ?? schema.enum?.[0] ?? schema.anyOf?.[0]?.enum?.[0] ?? ''
  return String(value)
}

function testScript(code: string) {
  return script('test', code)
}

function script(listen: 'prerequest' | 'test', code: string) {
  return { listen, script: { type: 'text/javascript', exec: code.split('\n') } }
}
