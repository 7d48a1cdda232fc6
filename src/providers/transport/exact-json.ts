import { parseDecimal, type Decimal } from '../../lib/decimal.ts'

const sourceText: unique symbol = Symbol('source text of a JSON number')
type JsonNumber = { readonly [sourceText]: string }

/**
 * `JSON.parse` without floats: each number keeps its source text, for `exactNumber` to read.
 * @throws SyntaxError if the text is not JSON
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, keepSource as (key: string, value: unknown) => unknown)
}

/** The decimal of a number that `parseExactJson` read; undefined for any other value, quoted numbers included. */
export function exactNumber(value: unknown): Decimal | undefined {
  return isJsonNumber(value) ? parseDecimal(value[sourceText]) : undefined
}

/** Whether the value is a JSON object; its members are still unknown. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isJsonNumber(value)
}

/** TypeScript's library does not declare the reviver's third argument yet. */
function keepSource(_key: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' ? { [sourceText]: source } : value
}

function isJsonNumber(value: unknown): value is JsonNumber {
  return typeof value === 'object' && value !== null && sourceText in value
}
