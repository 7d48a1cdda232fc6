import { compareInstants } from '../../../lib/instant.ts'
import { momentOf } from './moment.ts'

/** One mistake of a request: where it is, as a JSON pointer, and what would be right. */
export type Mistake = { readonly pointer: string; readonly detail: string }

/**
 * A rule for the members of an object that JSON Schema cannot express. It also sees values that the schema refuses, so it
 * checks the type of what it reads and leaves to the schema what the schema reports.
 */
export type Rule = (members: Readonly<Record<string, unknown>>) => readonly Mistake[]

/** The key of an object schema under which its rules are; no JSON text has it, so they appear in no document. */
export const RULES = Symbol('rules')

/** Exactly one of two members is given. */
export function oneOf(first: string, second: string): Rule {
  return ({ [first]: one, [second]: other }) => {
    if (one !== undefined && other !== undefined) return mistake(first, `give only one of ${first} and ${second}`)
    if (one !== undefined || other !== undefined) return []
    return mistake(first, `either ${first} or ${second} is required`)
  }
}

/** `from` is not after `to`; if they are equal, the range is empty. */
export const rangeInOrder: Rule = ({ from, to }) => {
  const [start, end] = [momentOf(from), momentOf(to)]
  if (start === undefined || end === undefined || compareInstants(start, end) <= 0) return []
  return mistake('from', 'is after to; from is the earlier end of the range, whatever the order of the list')
}

/** A cursor that is given can be read. @param read throws if it cannot */
export function cursorOf(read: (cursor: string) => unknown): Rule {
  return ({ cursor }) => {
    if (typeof cursor !== 'string' || cursor === '') return []
    try {
      read(cursor)
      return []
    } catch {
      return mistake('cursor', 'is not from this list; give the next_cursor of its previous page, or leave it out')
    }
  }
}

/** The one mistake of a rule. */
export function mistake(name: string, detail: string): readonly Mistake[] {
  return [{ pointer: `/${name}`, detail }]
}
