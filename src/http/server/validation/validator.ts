import type { TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import type { FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { memoizeByObject } from '../../../lib/memoize.ts'
import { momentMistake, readMoment } from './moment.ts'

/**
 * Like the validator of the type provider, with one shortcut: most queries are valid text as they are, and only the others
 * are converted to what the schema requires. Calling the original from here would compile every schema twice.
 *
 * The decision on a query is kept with the query: the query parser gives the same object for the same text.
 *
 * It reports all mistakes at once, also those against the rules of ours that JSON Schema cannot express: `x-instant` (a
 * member is a time) and `x-one-of` (pairs of members of which exactly one is given). Each error carries the schema of its
 * member, so that it can say what would be right.
 */
export const compileValidator: typeof TypeBoxValidatorCompiler = ({ schema, httpPart }) => {
  const validator = Compile(schema)
  const rulesBroken = createRules(schema)
  const decide = (given: unknown): Decision => {
    const isValidText = httpPart === 'body' || validator.Check(given)
    // The conversion changes what it gets, and a remembered query is frozen.
    const value: unknown = isValidText ? given : Value.Convert(schema, Value.Clone(given))
    const broken = validator.Check(value) ? [] : validator.Errors(value).map((error) => withSchema(error, schema))
    const error = [...broken, ...rulesBroken(value)]
    return error.length === 0 ? { value: Object.freeze(value) } : { error }
  }
  return httpPart === 'querystring' ? memoizeByObject(decide) : decide
}

type Decision = { readonly value: unknown } | { error: FastifySchemaValidationError[] }

/** The schemas of an object's members, those of arrays' items included. */
type Members = Readonly<Record<string, TSchema>>

function withSchema<E extends { readonly instancePath: string; readonly params: object }>(
  error: E,
  schema: TSchema,
): E {
  return { ...error, params: { ...error.params, schema: schemaAt(schema, error.instancePath) } }
}

function schemaAt(schema: TSchema, path: string): TSchema | undefined {
  let found: TSchema | undefined = schema
  for (const part of path.split('/').slice(1)) {
    const { properties, items } = (found ?? {}) as { properties?: Members; items?: TSchema }
    found = properties?.[part] ?? items
  }
  return found
}

type Rule = (value: Readonly<Record<string, unknown>>) => FastifySchemaValidationError | undefined

function createRules(schema: TSchema): (value: unknown) => readonly FastifySchemaValidationError[] {
  const { properties = {}, 'x-one-of': pairs = [] } = schema as {
    properties?: Members
    'x-one-of'?: readonly (readonly [string, string])[]
  }
  const instants = Object.keys(properties).filter((name) => 'x-instant' in (properties[name] ?? {}))
  const rules = [...instants.map(instantRule), ...pairs.map(oneOfRule)]
  return (value) => {
    if (typeof value !== 'object' || value === null) return []
    return rules.flatMap((rule) => rule(value as Readonly<Record<string, unknown>>) ?? [])
  }
}

function instantRule(name: string): Rule {
  return ({ [name]: text }) => {
    if (typeof text !== 'string' || readMoment(text) !== undefined) return undefined
    return mistake(name, 'x-instant', momentMistake(text))
  }
}

function oneOfRule([first, second]: readonly [string, string]): Rule {
  return ({ [first]: one, [second]: other }) => {
    if (one !== undefined && other !== undefined)
      return mistake(first, 'x-one-of', `give only one of ${first} and ${second}`)
    if (one !== undefined || other !== undefined) return undefined
    return mistake(first, 'x-one-of', `either ${first} or ${second} is required`)
  }
}

function mistake(name: string, keyword: string, message: string): FastifySchemaValidationError {
  return { keyword, instancePath: `/${name}`, schemaPath: `#/properties/${name}`, params: {}, message }
}
