import { Type } from 'typebox'
import { numberCursor } from '../../lib/pagination.ts'
import { CLOSED, Limit } from './query.ts'
import { cursorOf, RULES } from './validation/rules.ts'

/** The members of every list's query. */
export const Paging = {
  limit: Type.Optional(Limit),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 200, description: 'The `next_cursor` of the previous page, unchanged.' }),
  ),
}

/** For lists by number, without further parameters. */
export const PageQuery = Type.Object(Paging, { ...CLOSED, [RULES]: [cursorOf(numberCursor)] })
