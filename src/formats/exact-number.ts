import { Type } from 'typebox'

declare const exact: unique symbol
/** A decimal text that leaves as a bare JSON number, digit for digit. Only `exactNumber` makes one. */
export type ExactNumber = { readonly rawJSON: string; readonly [exact]: true }

/** No `type` here: only then fast-json-stringify hands the value to JSON.stringify, which honours JSON.rawJSON. */
export const ExactNumber = Type.Unsafe<ExactNumber>({
  'x-decimal': true,
  description: 'An exact decimal: keep its text, a float may lose digits.',
  examples: [196.45],
})

/** Not JSON.rawJSON's own rule: that one also lets through true, null, exponents and quoted text. */
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/

/** Refuses what is no JSON number (PostgreSQL can answer NaN and Infinity) rather than emit it. */
export function exactNumber(text: string): ExactNumber {
  if (!DECIMAL.test(text)) throw new TypeError(`Not a decimal: ${text}`)
  return JSON.rawJSON(text) as ExactNumber
}

/** Makes an OpenAPI document say what is really on the wire: a number. */
export function decimalsAsNumbers(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  if ('x-decimal' in node) Object.assign(node, { type: 'number' })
  for (const child of Object.values(node)) decimalsAsNumbers(child)
}
