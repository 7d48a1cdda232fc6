import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { readConfig } from '../src/app/config.ts'
import { openApiDocument } from '../src/app/openapi-document.ts'

/** The parts of the OpenAPI document that the generated pages and the collection use. */
export type OpenApi = {
  readonly info: { readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** The part of JSON Schema that the service's schemas use. */
export type Schema = {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: readonly Scalar[]
  readonly default?: Scalar
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly description?: string
  /** A JSON number that is an exact decimal: a float may lose digits of it. */
  readonly 'x-decimal'?: true
}

export type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>

export type Parameter = {
  readonly in: 'query' | 'path' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly example?: Scalar
  readonly schema: Schema
}

type Scalar = string | number | boolean

export type Route = Operation & { readonly method: string; readonly path: string }

/** The document of a service with default settings; none is started. */
export async function readOpenApi(): Promise<OpenApi> {
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    name: string
    version: string
  }
  const config = readConfig({}, '/dev/null')
  const log = pino({ level: 'silent' })
  return (await openApiDocument({ config, log, version: { name, version, node: process.version } })) as OpenApi
}

/** The routes of a tag, in the order of their declaration. */
export function routesOf({ paths }: OpenApi, tag: string): Route[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => tags.includes(tag))
      .map(([method, operation]) => Object.assign({ method: method.toUpperCase(), path }, operation)),
  )
}
