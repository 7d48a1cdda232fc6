import type { TSchema } from 'typebox'

/** The valid values of a setting, for people, if it names them; more helpful than the validator's message. */
export function allowedValues(setting: TSchema): string | undefined {
  if ('expects' in setting) return String(setting.expects)
  return 'enum' in setting ? `one of ${(setting.enum as string[]).join(', ')}` : undefined
}

/** `a whole number from 1 to 10`, for a setting with both bounds. */
export function allowedRange(setting: TSchema): string | undefined {
  const range = rangeOf(setting)
  if (range === undefined) return undefined
  return 'items' in setting ? `whole numbers from ${range}` : `a whole number from ${range}`
}

/** `1 to 10`, for a number or a list of numbers with both bounds. */
export function rangeOf(setting: TSchema): string | undefined {
  const { minimum, maximum, items } = setting as { minimum?: number; maximum?: number; items?: TSchema }
  if (items !== undefined) return rangeOf(items)
  return minimum === undefined || maximum === undefined ? undefined : `${minimum} to ${maximum}`
}
