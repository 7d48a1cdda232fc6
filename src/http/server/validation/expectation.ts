/** The members of a schema that say what a value should be. */
type Shape = {
  readonly type?: string
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Shape[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

/** What a schema wants, for people: `json or csv`, `a whole number from 1 to 10000`. Undefined if it cannot be said. */
export function expectationOf(schema: Shape): string | undefined {
  if (schema.enum) return alternatives(schema.enum)
  if ('const' in schema) return String(schema.const)
  if (schema.anyOf?.every((one) => 'const' in one)) return alternatives(schema.anyOf.map((one) => one.const))
  const describe = BY_TYPE[schema.type ?? '']
  return describe?.(schema)
}

const BY_TYPE: Readonly<Record<string, (schema: Shape) => string>> = {
  integer: (schema) => `a whole number${rangeText(schema.minimum, schema.maximum)}`,
  number: (schema) => `a number${rangeText(schema.minimum, schema.maximum)}`,
  boolean: () => 'true or false',
  string: ({ minLength, maxLength }) => `text${sizeText(minLength, maxLength, 'characters')}`,
  array: ({ minItems, maxItems }) => `a list${sizeText(minItems, maxItems, 'items')}`,
  object: () => 'a JSON object',
}

/** `a, b or c`, for a few texts. */
export function alternatives(values: readonly unknown[]): string {
  const texts = values.map(String)
  return texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} or ${texts.at(-1)}`
}

function rangeText(min: number | undefined, max: number | undefined): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  if (min !== undefined) return ` of at least ${min}`
  return max === undefined ? '' : ` of at most ${max}`
}

function sizeText(min: number | undefined, max: number | undefined, unit: string): string {
  return max === undefined && min === undefined ? '' : ` of ${min ?? 0}${max === undefined ? '' : ` to ${max}`} ${unit}`
}
