import { jsonLine } from './json-bodies.ts'
import { count } from './progress.ts'

type Moved = {
  readonly file: string | undefined
  readonly tables: readonly { readonly name: string; readonly rows: number }[]
}

/** What a dump or a restore took along: with JSON the rows of each table. */
export function movedReport(verb: string, { file, tables }: Moved, json: boolean | undefined): string {
  const rows = Object.fromEntries(tables.map((table) => [table.name, table.rows]))
  if (json) return jsonLine({ file: file ?? null, rows })
  const { prices = 0, moving_averages: averages = 0 } = rows
  return `${verb} ${count(prices)} prices, ${count(averages)} averages and all that belongs to them.\n`
}
