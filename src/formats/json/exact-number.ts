import { Type } from 'typebox'

declare const exact: unique symbol
/** A decimal text that is serialised as a bare JSON number, digit for digit. Only `exactNumber` creates one. */
export type ExactNumber = { readonly rawJSON: string; readonly [exact]: true }

/** No `type` here: only then does fast-json-stringify pass the value to JSON.stringify, which supports JSON.rawJSON. */
export const ExactNumber = Type.Unsafe<ExactNumber>({
  'x-decimal': true,
  description: 'An exact decimal: keep its text, a float may lose digits.',
  examples: [196.45],
})

/** Stricter than JSON.rawJSON, which also accepts true, null, exponents and quoted text. */
const DECIMAL = /^-?(?:0|[1-9]\d*)(?:\.\d+)?$/

/** @throws TypeError for text that is not a JSON number: PostgreSQL can return NaN and Infinity. */
export function exactNumber(text: string): ExactNumber {
  return JSON.rawJSON(exactNumberText(text)) as ExactNumber
}

/** The same for a body that is put together as text. */
export function exactNumberText(text: string): string {
  if (!DECIMAL.test(text)) throw new TypeError(`Not a decimal: ${text}`)
  return text
}

/** Gives exact decimals in an OpenAPI document the type that they have on the wire: number. */
export function decimalsAsNumbers(node: unknown): void {
  if (typeof node !== 'object' || node === null) return
  if ('x-decimal' in node) Object.assign(node, { type: 'number' })
  for (const child of Object.values(node)) decimalsAsNumbers(child)
}
