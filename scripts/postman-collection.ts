import { routesOf, type OpenApi, type Parameter, type Route } from './openapi.ts'

const SCHEMA = 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json'

const ABOUT = `Made from the OpenAPI document by \`npm run docs\`.

Every request works as it is against \`npm start\`, without a network: it asks for simulated prices. Run from top to bottom,
each finds the ids that it needs: what an answer names as \`price_id\`, \`raw_response_id\` or \`job_id\` becomes a variable of
the collection. The averages need five prices, which are there ten seconds after the first start.

The stream, \`GET /prices/stream\`, is left out because a run of the collection would never end, and keys are, because the first
one would close the service to the requests that follow.`

/** Sent as they are; all other parameters lie beside them, to be ticked. */
const TICKED = new Set(['symbol', 'provider', 'q'])

/** The demonstration polls AAPL: a job of another symbol leaves it alone. */
const BODIES: Readonly<Record<string, unknown>> = {
  createPollingJob: { symbol: 'ETH-USD', interval_minutes: 60, provider: 'simulated' },
}

const VARIABLES = { baseUrl: 'http://127.0.0.1:8000', price_id: '', raw_response_id: '', job_id: '' }

const REMEMBER_IDS = `if (pm.response.headers.get('content-type')?.startsWith('application/json')) {
  const answer = pm.response.json()
  for (const name of ['price_id', 'raw_response_id', 'job_id']) {
    if (typeof answer[name] === 'string') pm.collectionVariables.set(name, answer[name])
  }
}`

/** The HTTP interface as a Postman collection (2.1): a folder for each tag, a test of the status for each request. */
export function postmanCollection(document: OpenApi): string {
  const tags = document.tags.filter(({ name }) => name !== 'Access')
  const folders = tags.map(({ name, description }) => ({
    name,
    description,
    item: routesOf(document, name)
      .filter((route) => !isEndless(route))
      // What is deleted has been looked at before.
      .toSorted((a, b) => Number(a.method === 'DELETE') - Number(b.method === 'DELETE'))
      .map(itemOf),
  }))
  const collection = {
    info: { name: 'Blockhouse Market Data', description: ABOUT, schema: SCHEMA },
    item: folders,
    event: [testScript(REMEMBER_IDS)],
    variable: Object.entries(VARIABLES).map(([key, value]) => ({ key, value })),
  }
  return `${JSON.stringify(collection, undefined, 2)}\n`
}

function isEndless({ responses }: Route): boolean {
  return 'text/event-stream' in (responses['200']?.content ?? {})
}

function itemOf(route: Route) {
  const { method, summary, description, operationId, requestBody } = route
  const example = BODIES[operationId] ?? requestBody?.content['application/json']?.example
  const status = Object.keys(route.responses).find((one) => one.startsWith('2'))
  return {
    name: summary,
    event: [testScript(`pm.test('answers ${status}', () => pm.response.to.have.status(${status}))`)],
    request: {
      method,
      description,
      header: example === undefined ? [] : [{ key: 'Content-Type', value: 'application/json' }],
      body: example === undefined ? undefined : jsonBody(example),
      url: urlOf(route),
    },
  }
}

function jsonBody(example: unknown) {
  return { mode: 'raw', raw: JSON.stringify(example, undefined, 2), options: { raw: { language: 'json' } } }
}

function urlOf({ path, parameters = [] }: Route) {
  const ofQuery = parameters.filter((parameter) => parameter.in === 'query')
  const ticked = ofQuery.filter(isTicked).map((parameter) => `${parameter.name}=${exampleOf(parameter)}`)
  const pattern = path.replaceAll(/\{(\w+)\}/g, ':$1')
  return {
    raw: `{{baseUrl}}${pattern}${ticked.length > 0 ? `?${ticked.join('&')}` : ''}`,
    host: ['{{baseUrl}}'],
    path: pattern.split('/').slice(1),
    query: ofQuery.map((parameter) => ({
      key: parameter.name,
      value: exampleOf(parameter),
      description: parameter.description,
      disabled: !isTicked(parameter),
    })),
    variable: parameters
      .filter((parameter) => parameter.in === 'path')
      .map(({ name }) => ({ key: name, value: `{{${variableOf(path, name)}}}` })),
  }
}

function isTicked({ name, required = false }: Parameter): boolean {
  return required || TICKED.has(name)
}

function exampleOf({ example, schema }: Parameter): string {
  const value = example ?? schema.default ?? schema.enum?.[0] ?? schema.anyOf?.[0]?.enum?.[0] ?? ''
  return String(value)
}

/** `/prices/{id}` means a price, and so on. */
function variableOf(path: string, name: string): string {
  if (name !== 'id') return name
  return path.startsWith('/raw-responses/') ? 'raw_response_id' : 'price_id'
}

function testScript(code: string) {
  return { listen: 'test', script: { type: 'text/javascript', exec: code.split('\n') } }
}
