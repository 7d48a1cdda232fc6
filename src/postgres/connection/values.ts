import pg from 'pg'
import { instantOfSqlTime, parseInstant, type Instant, type SqlTime } from '../../lib/instant.ts'

/** Reads timestamptz as `Instant`; what else is no JSON type (int8, numeric, xid8) stays text. */
export const getTypeParser: pg.CustomTypesConfig['getTypeParser'] = (oid, format) => {
  if (oid === pg.types.builtins.TIMESTAMPTZ) return instantOf
  return pg.types.getTypeParser(oid, format)
}

/** `2025-06-15 20:30:27.28+00` without checking each digit: PostgreSQL only writes valid times, and they are many. */
export function instantOf(text: string): Instant | string {
  const isCommonForm = text[10] === ' ' && text.endsWith('+00')
  return isCommonForm ? instantOfSqlTime(text as SqlTime) : (parseInstant(text) ?? text)
}
