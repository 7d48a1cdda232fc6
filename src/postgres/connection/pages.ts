import type pg from 'pg'

/** Where a page of a list over time lies: its first one, or one that starts after a key. */
export type PagePlace = { readonly order: 'asc' | 'desc'; readonly isNext: boolean }

/**
 * What bounds a page that starts after a key. The first page and the next ones are two texts: a condition such as
 * `$7 is null or …` cannot bound an index, so a plan for any value would read the whole series.
 * @param condition compares columns with the key, with `?` in place of `<` or `>`
 */
export function pageCondition({ order, isNext }: PagePlace, condition: string): string {
  return isNext ? `and ${condition.replaceAll('?', order === 'asc' ? '>' : '<')}` : ''
}

/** Planned once per connection. */
export type NamedStatement = {
  readonly name: string
  readonly text: string
  readonly values: (string | number | null)[]
}

type LinesRow = { readonly lines: string | null }

/** Runs a statement whose only row is all lines as one text: a page of them costs a fraction of as many rows. */
export async function readLines<Line extends string>(
  pool: pg.Pool,
  statement: NamedStatement,
): Promise<readonly Line[]> {
  const { rows } = await pool.query<LinesRow>(statement)
  const lines = rows[0]?.lines ?? ''
  return (lines === '' ? [] : lines.split('\n')) as Line[]
}
