import fastifySwagger from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { App } from './app.ts'
import { decimalsAsNumbers } from '../../formats/exact-number.ts'
import { SESSION_COOKIE } from '../access/session-cookie.ts'

const DESCRIPTION = `Stock prices as providers state them: exact, with their age, their origin and their moving averages.

Prices are JSON numbers written from their exact decimal text; times are RFC 3339 in UTC.
Every error is \`application/problem+json\`: switch on its \`code\`.`

const TAGS = [
  { name: 'Prices', description: 'The newest price, all prices, and where each came from.' },
  { name: 'Polling', description: 'Standing orders to fetch a price every so often.' },
  { name: 'Averages', description: 'Moving averages, a pure function of the stored prices.' },
  { name: 'Providers', description: 'Where prices come from, and which symbols there are.' },
  { name: 'Service', description: 'How the service itself is.' },
  { name: 'Access', description: 'Who may ask. Where no key was ever made, nobody needs one.' },
]

const SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer' },
  header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
  page: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
} as const

/** `/openapi.json` and the pages of `/docs`, made from the schemas of the routes. Register it before them. */
export function documentRoutes(app: App, version: string): void {
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Market data service', version, description: DESCRIPTION, license: { name: 'MIT' } },
      servers: [{ url: '/', description: 'This service' }],
      tags: TAGS,
      components: { securitySchemes: SCHEMES },
      // The last one: without any, where no key was ever made.
      security: [{ bearer: [] }, { header: [] }, { page: [] }, {}],
    },
    transformObject: (made) => {
      if (!('openapiObject' in made)) throw new Error('OpenAPI 3 only')
      const document = structuredClone(made.openapiObject)
      decimalsAsNumbers(document)
      nameSchemas(document)
      return document
    },
  })
  app.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    staticCSP: `default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'`,
    uiConfig: { tryItOutEnabled: true, validatorUrl: null },
  })
}

export type DocumentNeeds = {
  /** What is said on Kafka; YAML. */
  readonly asyncApi: string
}

/** What programs are made from: of the HTTP interface, and of the messages. */
export function serveDocuments(app: App, { asyncApi }: DocumentNeeds): void {
  app.get('/asyncapi.yaml', { schema: { hide: true } }, async (_, reply) =>
    reply.type('application/yaml; charset=utf-8').send(asyncApi),
  )
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

/** A schema with a title is written once, under that name, so that generated clients have names for what they get. */
function nameSchemas(document: { components?: object }): void {
  const schemas: Record<string, unknown> = {}
  const hoisted = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node
    if (Array.isArray(node)) return node.map(hoisted)
    const copy = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, hoisted(child)]))
    if (typeof copy['title'] !== 'string' || copy['type'] !== 'object') return copy
    schemas[copy['title']] = copy
    return { $ref: `#/components/schemas/${copy['title']}` }
  }
  Object.assign(document, hoisted(document))
  document.components = { ...document.components, schemas }
}
