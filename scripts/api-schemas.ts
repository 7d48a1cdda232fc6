import type { OpenApi, Operation, Schema } from '../dashboard/docs/document.ts'

// A generator of our own: openapi-typescript needs TypeScript 5 as a library, which TypeScript 7 no longer offers, and it
// types an exact decimal as a float.

/** What the page calls, by operation id. A new call of the page is added here. */
const CALLS: ReadonlySet<string> = new Set([
  'getLatestPrice',
  'listPrices',
  'getLineage',
  'listMovingAverages',
  'findSymbols',
  'createPollingJob',
  'listPollingJobs',
  'changePollingJob',
  'deletePollingJob',
  'runPollingJob',
  'listRuns',
  'listProviders',
  'getHealth',
  'getSession',
  'signIn',
  'signOut',
])

/** Asked by the page for one symbol at a time: of their answers, the first alternative. */
const OF_ONE_SYMBOL: ReadonlySet<string> = new Set(['listPrices', 'listMovingAverages'])

const HEAD = '// Generated from the OpenAPI document by `npm run docs`; do not edit. /docs describes each member.\n'
const DECIMAL = `import type { Decimal } from '../../src/lib/decimal.ts'\n`

/** The TypeScript modules of the page's calls and of the schemas that these need, by their path. */
export function apiTypes(document: OpenApi): readonly (readonly [string, string])[] {
  const { schemas } = document.components
  const calls = callsText(document)
  const answers = namesIn(calls, schemas)
  const needed = withReferences(answers, schemas)
  const types = Object.entries(schemas).filter(([name]) => needed.has(name))
  const decimals = [...new Set(types.flatMap(([, schema]) => decimalsOf(schema)))].toSorted()
  return [
    ['dashboard/api/calls.ts', `${HEAD}${importText(answers.toSorted())}\n${calls}`],
    ['dashboard/api/schemas.ts', [HEAD + DECIMAL, decimalsText(decimals), ...types.map(schemaText)].join('\n')],
  ]
}

function importText(names: readonly string[]): string {
  return `import type {\n${names.map((name) => `  ${name},\n`).join('')}} from './schemas.ts'\n`
}

function callsText({ paths }: OpenApi): string {
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { operationId }]) => CALLS.has(operationId))
      .map(([method, operation]) => callText(`${method.toUpperCase()} ${path}`, operation)),
  )
  return `/** What each call of the page takes and answers, by method and path. */\nexport type Calls = {\n${indent(calls.join(''))}}\n`
}

function callText(call: string, { operationId, parameters = [], requestBody, responses }: Operation): string {
  const answer = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  const parts = [
    ['path', parametersText(parameters.filter((one) => one.in === 'path'))],
    ['query', parametersText(parameters.filter((one) => one.in === 'query'))],
    ['body', contentText(requestBody?.content)],
    ['answer', answerText(operationId, answer?.content) ?? 'undefined'],
  ]
  const members = parts.map(([name, text]) => (text === undefined ? '' : `readonly ${name}: ${text}\n`))
  return `readonly '${call}': {\n${indent(members.join(''))}}\n`
}

/** What may be left out of a query may also be undefined there. */
function parametersText(parameters: NonNullable<Operation['parameters']>): string | undefined {
  const members = parameters.map(({ name, required, schema }) =>
    required ? `readonly ${name}: ${typeText(schema)}\n` : `readonly ${name}?: ${typeText(schema)} | undefined\n`,
  )
  return members.length === 0 ? undefined : braced(members)
}

function contentText(content: Operation['responses'][string]['content']): string | undefined {
  const schema = content?.['application/json']?.schema
  return schema && typeText(schema)
}

function answerText(operationId: string, content: Operation['responses'][string]['content']): string | undefined {
  const first = content?.['application/json']?.schema.anyOf?.[0]
  return first && OF_ONE_SYMBOL.has(operationId) ? typeText(first) : contentText(content)
}

function schemaText([name, schema]: readonly [string, Schema]): string {
  return `export type ${name} = ${typeText(schema)}\n`
}

function typeText(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.replace(/^.*\//, '')
  if (schema['x-decimal']) return 'Decimal'
  if (schema.enum) return schema.enum.map((value) => (typeof value === 'string' ? `'${value}'` : value)).join(' | ')
  if (schema.anyOf) return [...new Set(schema.anyOf.map(typeText))].join(' | ')
  if (schema.items) return arrayText(typeText(schema.items))
  if (schema.properties) return objectText(schema)
  const text = SIMPLE[schema.type ?? '']
  if (text === undefined) throw new Error(`No TypeScript type for ${JSON.stringify(schema)}`)
  return text
}

const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
  null: 'null',
}

function arrayText(item: string): string {
  return item.includes(' | ') && !item.startsWith('{') ? `readonly (${item})[]` : `readonly ${item}[]`
}

function objectText({ properties = {}, required = [] }: Schema): string {
  const members = Object.entries(properties).map(
    ([name, schema]) => `readonly ${name}${required.includes(name) ? '' : '?'}: ${typeText(schema)}
`,
  )
  return braced(members)
}

/** Short ones take one line. */
function braced(members: readonly string[]): string {
  const line = `{ ${members.map((member) => member.trimEnd()).join('; ')} }`
  return line.length <= 100 && !line.includes('\n') ? line : `{\n${indent(members.join(''))}}`
}

/** Those named and all that they refer to. */
function withReferences(names: readonly string[], schemas: OpenApi['components']['schemas']): ReadonlySet<string> {
  const found = new Set(names)
  // A set that grows while it is read is read to its end.
  for (const name of found) {
    const schema = schemas[name]
    if (schema) for (const other of namesIn(typeText(schema), schemas)) found.add(other)
  }
  return found
}

function namesIn(text: string, schemas: OpenApi['components']['schemas']): string[] {
  return Object.keys(schemas).filter((name) => new RegExp(`(?<![\\w'])${name}(?![\\w'?:])`).test(text))
}

function decimalsOf(schema: Schema): string[] {
  const members = Object.entries(schema.properties ?? {})
  const own = members.filter(([, member]) => member['x-decimal']).map(([name]) => name)
  const inner = [
    ...members.map(([, member]) => member),
    ...(schema.anyOf ?? []),
    ...(schema.items ? [schema.items] : []),
  ]
  return [...own, ...inner.flatMap(decimalsOf)]
}

function decimalsText(names: readonly string[]): string {
  const list = names.map((name) => `'${name}'`).join(', ')
  return `/** The members that are exact decimals: numbers in JSON, of which the page keeps the text. */\nexport const DECIMALS = [${list}] as const\n`
}

function indent(lines: string): string {
  return lines.replaceAll(/^(?=.)/gm, '  ')
}
