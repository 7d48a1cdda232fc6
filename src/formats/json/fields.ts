import { Type, type TSchema, type TSchemaOptions } from 'typebox'

/** An instant in a response: RFC 3339, UTC, up to microseconds. */
export function timestamp(description: string) {
  return Type.String({ description, examples: ['2025-06-15T20:30:27.283671Z'] })
}

/** A number of a row. It leaves as text, since a float loses digits of large ones. */
export function id(description: string) {
  return Type.String({ description, examples: ['17'] })
}

/** The same, or null. */
export function orNull<T extends TSchema>(type: T, options: TSchemaOptions = {}) {
  return Type.Union([type, Type.Null()], options)
}
