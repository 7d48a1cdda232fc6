import fastifySwagger from '@fastify/swagger'
import { decimalsAsNumbers } from '../../formats/json/exact-number.ts'
import type { App, Feature } from '../server/app.ts'
import { docsPageRoute } from './docs-page.ts'

const DESCRIPTION = `Stock prices exactly as providers quote them, with their age, their origin and their moving averages.

Prices are JSON numbers written from their exact decimal text; times are RFC 3339 in UTC.
Every error is \`application/problem+json\`: switch on its \`code\`.`

const TAGS = [
  { name: 'Prices', description: 'The newest price, the price history, and the origin of each price.' },
  { name: 'Polling', description: 'Recurring fetches.' },
  { name: 'Averages', description: 'Moving averages, computed from the stored prices.' },
  { name: 'Providers', description: 'Data providers and their symbols.' },
  { name: 'Service', description: 'Health, status, metrics.' },
  { name: 'Access', description: 'API keys and sessions. Until the first key is created, no key is needed.' },
]

function schemesOf(cookie: string) {
  return {
    bearer: { type: 'http', scheme: 'bearer' },
    header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    page: { type: 'apiKey', in: 'cookie', name: cookie },
  } as const
}

/**
 * Generates the OpenAPI document from the schemas of the routes. Register it before the routes.
 * @param described version of the service, name of the session cookie, and the prefix of all paths
 */
export function describeApi(
  app: App,
  { version, cookie, basePath }: { readonly version: string; readonly cookie: string; readonly basePath: string },
): void {
  app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Market data service', version, description: DESCRIPTION, license: { name: 'MIT' } },
      servers: [{ url: basePath || '/', description: 'This service' }],
      tags: TAGS,
      components: { securitySchemes: schemesOf(cookie) },
      // The last one: no key, until the first one is created.
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
}

export type DocumentsDeps = {
  /** Version of the service. */
  readonly version: string
  /** The AsyncAPI document of the messages on Kafka, in YAML. */
  readonly asyncApi: string
  /** Folder of the built pages; it may not exist. */
  readonly pageFolder: string
}

/** The descriptions of the HTTP interface and of the messages: for machines, and as a page. */
export const documentsApi: Feature<DocumentsDeps> = { routes: [documentRoutes, docsPageRoute] }

function documentRoutes(app: App, { asyncApi }: DocumentsDeps): void {
  app.get('/asyncapi.yaml', { schema: { hide: true } }, async (_, reply) =>
    reply.type('application/yaml; charset=utf-8').send(asyncApi),
  )
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
}

/** Writes a schema with a title once, under that name, so that generated clients have named types. */
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
