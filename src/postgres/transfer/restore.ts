import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { migrate } from '../schema/migrate.ts'
import { DUMP_VERSION, noDump, type DumpHeader, type OnProgress } from './dump.ts'
import { slicesOf, tableOfLine, writeRows } from './rows.ts'
import { describeTables, type Table } from '../schema/catalogue.ts'
import { finishTarget, prepareTarget } from './target.ts'

type Options = { readonly onProgress: OnProgress; readonly signal: AbortSignal }

/**
 * Fills an empty database with the lines of a dump. Where that is ended before its end, the database serves nobody, and
 * restoring begins anew. The dump's header comes back.
 * @throws ServiceError `conflict` where the database is not empty or the dump is of a newer version,
 * `invalid_request` where the lines are no dump
 */
export async function restore(
  pool: pg.Pool,
  lines: AsyncIterableIterator<string>,
  { onProgress, signal }: Options,
): Promise<DumpHeader> {
  const header = readHeader(await lines.next())
  await prepareTarget(pool, header.migrations)
  const tables = new Map((await describeTables(pool)).map((table) => [table.name, table]))
  assertColumns(header, tables)
  // What is left behind may point at what is carried: sessions at their keys.
  await pool.query(`truncate ${[...tables.keys()].join(', ')} cascade`)
  const done = new Map<string, number>()
  for await (const slice of slicesOf(lines)) {
    signal.throwIfAborted()
    const { name } = await writeSlice(pool, tables, slice)
    done.set(name, (done.get(name) ?? 0) + slice.length)
    onProgress(name, done.get(name) ?? 0, header.tables.find((table) => table.name === name)?.rows ?? 0)
  }
  const lastIds = new Map(header.tables.map((table) => [table.name, table.last_id]))
  await finishTarget(pool, { epoch: header.epoch, lastIds })
  await migrate(pool)
  return header
}

function readHeader({ value }: IteratorResult<string, unknown>): DumpHeader {
  const header = parsed(String(value))
  if (header?.format !== 'market-data-dump') throw noDump('its first line does not say so')
  if (header.version === DUMP_VERSION) return header as DumpHeader
  throw new ServiceError('conflict', 'The dump was made by a newer version of market-data: upgrade this one.')
}

function parsed(line: string): Partial<DumpHeader> | undefined {
  try {
    return JSON.parse(line) as Partial<DumpHeader>
  } catch {
    return undefined
  }
}

/** A row is read by the order of its columns. */
function assertColumns(header: DumpHeader, tables: ReadonlyMap<string, Table>): void {
  for (const { name, columns } of header.tables) {
    const ours = tables.get(name)?.columns.map((column) => column.name)
    if (ours?.join() !== columns.join()) throw noDump(`its ${name} has not the columns that its migrations make`)
  }
}

async function writeSlice(pool: pg.Pool, tables: ReadonlyMap<string, Table>, slice: readonly string[]): Promise<Table> {
  const name = tableOfLine(slice[0] ?? '') ?? ''
  const table = tables.get(name)
  if (table === undefined) throw noDump(`it has rows of ${JSON.stringify(name)}`)
  await writeRows(pool, table, slice)
  return table
}
