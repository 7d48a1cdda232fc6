import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { executedNames } from '../schema/migrate.ts'
import { inSnapshot } from '../connection/transaction.ts'
import { readRows } from './rows.ts'
import { countRows, describeTables } from '../schema/catalogue.ts'

/** The first line of a dump; rows follow, in the order of these tables. */
export type DumpHeader = {
  readonly format: 'market-data-dump'
  /** Of the format. */
  readonly version: number
  readonly created_at: string
  /** The migrations that created the tables of these rows. */
  readonly migrations: readonly string[]
  readonly epoch: number
  readonly tables: readonly DumpTable[]
}

type DumpTable = {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: number
  /** The last id that was assigned, even if its row was deleted. */
  readonly last_id: string | null
}

export const DUMP_VERSION = 1

/** Called with the number of rows of a table that are done, and with that of all its rows. */
export type OnProgress = (table: string, done: number, all: number) => void

type Options = {
  readonly write: (lines: readonly string[]) => Promise<void>
  readonly onProgress: OnProgress
  readonly signal: AbortSignal
}

/** Writes the whole database, as it is at one moment, as lines; returns the header. */
export async function dump(pool: pg.Pool, { write, onProgress, signal }: Options): Promise<DumpHeader> {
  return inSnapshot(pool, async (client) => {
    const tables = await describeTables(client)
    const counts = new Map<string, number>()
    for (const { name } of tables) counts.set(name, await countRows(client, name))
    const described = tables.map(({ name, columns, lastId }) => ({
      name,
      columns: columns.map((column) => column.name),
      rows: counts.get(name) ?? 0,
      last_id: lastId,
    }))
    const header = { ...(await stateOf(client)), tables: described }
    await write([JSON.stringify(header)])
    for (const table of tables) {
      let done = 0
      for await (const lines of readRows(client, table, signal)) {
        await write(lines)
        done += lines.length
        onProgress(table.name, done, counts.get(table.name) ?? 0)
      }
    }
    return header
  })
}

async function stateOf(client: pg.ClientBase) {
  const { rows } = await client.query<{ epoch: number; now: string }>('select epoch, now() from log_epoch')
  const { epoch = 0, now = '' } = rows[0] ?? {}
  const migrations = await executedNames(client)
  return { format: 'market-data-dump' as const, version: DUMP_VERSION, created_at: now, migrations, epoch }
}

/** The error for a file that is not a dump of ours, or not a complete one. */
export function incompleteDump(reason: string): ServiceError {
  return new ServiceError('invalid_request', `Not a complete market-data dump: ${reason}.`)
}
