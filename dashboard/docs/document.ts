/** The parts of the OpenAPI document that this page, the generated documents and the collection use. */
export type OpenApi = {
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

type Scalar = string | number | boolean

/** The part of JSON Schema that the service's schemas use. */
export type Schema = {
  readonly $ref?: string
  readonly title?: string
  readonly type?: string
  readonly enum?: readonly Scalar[]
  readonly const?: unknown
  readonly default?: Scalar
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly description?: string
  readonly examples?: readonly Scalar[]
  /** A JSON number that is an exact decimal: a float may lose digits of it. */
  readonly 'x-decimal'?: true
}

export type Parameter = {
  readonly in: 'query' | 'path' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly description?: string
  readonly example?: Scalar
  readonly schema: Schema
}

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>
export type Responses = Readonly<Record<string, { readonly description: string; readonly content?: Content }>>

export type Operation = {
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly tags: readonly string[]
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Responses
}

/** An operation with where it is called. */
export type Call = Operation & { readonly method: string; readonly path: string }

/** The calls of a tag, in the order of the document. */
export function callsOf({ paths }: OpenApi, tag: string): readonly Call[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, operation]) =>
      operation.tags.includes(tag) ? [{ ...operation, method: method.toUpperCase(), path }] : [],
    ),
  )
}

/** Whether the response never ends, so that no form could show it. */
export function isEndless({ responses }: Call): boolean {
  return 'text/event-stream' in (responses['200']?.content ?? {})
}

/** Follows a reference to the schema that it names. */
export function resolve({ components }: OpenApi, schema: Schema): Schema {
  const name = schema.$ref?.replace(/^.*\//, '')
  return name === undefined ? schema : (components.schemas[name] ?? {})
}
