import type { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { memoizeByObject } from '../../../lib/memoize.ts'
import { MAX_INSTANT_LENGTH, momentMistake, readMoment } from './moment.ts'
import { mistake, RULES, type Mistake, type Rule } from './rules.ts'

/**
 * Like the validator of the type provider, with one shortcut: most queries are valid text as they are, and only the others
 * are converted to what the schema requires. Calling the original from here would compile every schema twice.
 *
 * The decision on a query is kept with the query: the query parser gives the same object for the same text.
 *
 * It reports all mistakes at once, also those that JSON Schema cannot express: against `x-instant` (a member is a time) and
 * against `RULES`. Each error carries the value and the schema of its member, so that it can say what would be right.
 */
export const compileValidator: typeof TypeBoxValidatorCompiler = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const rulesBroken = createRules(schema)
  const decide = (given: unknown): Decision => {
    const isValidText = httpPart === 'body' || validator.Check(given)
    // The conversion changes what it gets, and a remembered query is frozen.
    const value: unknown = isValidText ? given : converted(schema, given)
    const broken = validator.Check(value)
      ? []
      : validator.Errors(value).map((error) => withMember(error, schema, { root: value, httpPart }))
    const error = [...broken, ...rulesBroken(value)]
    return error.length === 0 ? { value: Object.freeze(value) } : { error }
  }
  return httpPart === 'querystring' ? memoizeByObject(decide) : decide
}

/** A text that is another number, or none, stays: the conversion would read `5.9` as 5, and `true` as 1. */
function converted(schema: TSchema, given: unknown): unknown {
  const value = Value.Convert(schema, Value.Clone(given))
  if (typeof value !== 'object' || value === null || typeof given !== 'object' || given === null) return value
  const { properties = {} } = schema as { properties?: Members }
  const texts = Object.entries(given).filter(([name, text]) => isWrongNumber(properties[name], text))
  return texts.length === 0 ? value : { ...value, ...Object.fromEntries(texts) }
}

const NUMBER = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/

function isWrongNumber(schema: TSchema | undefined, text: unknown): boolean {
  const { type } = (schema ?? {}) as { type?: string }
  if (typeof text !== 'string' || (type !== 'integer' && type !== 'number')) return false
  return !NUMBER.test(text) || (type === 'integer' && !Number.isInteger(Number(text)))
}

type Decision = { readonly value: unknown } | { error: FastifySchemaValidationError[] }

/** The schemas of an object's members, those of arrays' items included. */
type Members = Readonly<Record<string, TSchema>>

function withMember<E extends { readonly instancePath: string; readonly params: object }>(
  error: E,
  schema: TSchema,
  { root, httpPart }: { readonly root: unknown; readonly httpPart: string | undefined },
): E {
  const path = error.instancePath.split('/').slice(1)
  const value = valueAt(root, path)
  const isRepeated = httpPart === 'querystring' && Array.isArray(value)
  return { ...error, params: { ...error.params, schema: schemaAt(schema, path), value, isRepeated } }
}

function schemaAt(schema: TSchema, path: readonly string[]): TSchema | undefined {
  let found: TSchema | undefined = schema
  for (const part of path) {
    const { properties, items } = (found ?? {}) as { properties?: Members; items?: TSchema }
    found = properties?.[part] ?? items
  }
  return found
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let found = root
  for (const part of path) found = (found as Readonly<Record<string, unknown>> | null | undefined)?.[part]
  return found
}

/** Mistakes against the rules of an object, and against those of its members that are times. */
function createRules(schema: TSchema): (value: unknown) => readonly FastifySchemaValidationError[] {
  const { properties = {}, [RULES]: ofMembers = [] } = schema as { properties?: Members; [RULES]?: readonly Rule[] }
  const instants = Object.keys(properties).filter((name) => 'x-instant' in (properties[name] ?? {}))
  const rules = [...instants.map(instantRule), ...ofMembers]
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
    return rules.flatMap((rule) => rule(value as Readonly<Record<string, unknown>>)).map(asValidationError)
  }
}

function instantRule(name: string): Rule {
  return ({ [name]: text }) => {
    if (typeof text !== 'string' || text.length > MAX_INSTANT_LENGTH || readMoment(text) !== undefined) return []
    return mistake(name, momentMistake(text))
  }
}

function asValidationError({ pointer, detail }: Mistake): FastifySchemaValidationError {
  return { keyword: 'rule', instancePath: pointer, schemaPath: '', params: {}, message: detail }
}
