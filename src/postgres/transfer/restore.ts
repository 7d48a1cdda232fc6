import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import { migrate } from '../schema/migrate.ts'
import { DUMP_VERSION, incompleteDump, type DumpHeader, type OnProgress } from './dump.ts'
import { slicesOf, tableOfLine, writeRows } from './rows.ts'
import { describeTables, type Table } from '../schema/catalogue.ts'
import { finishTarget, prepareTarget } from './target.ts'

type Options = { readonly onProgress: OnProgress; readonly signal: AbortSignal }

/**
 * Fills an empty database with the lines of a dump, and returns the dump's header. If it is interrupted, no service starts
 * on the database, and the next restore begins from the start.
 * @throws ServiceError `conflict` if the database is not empty or the dump is of a newer version,
 * `invalid_request` if the lines are not a complete dump
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
  // With `cascade`, since tables that are not copied may refer to those that are: sessions to their keys.
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
  if (header?.format !== 'market-data-dump') throw incompleteDump('its first line is not a header')
  if (header.version === DUMP_VERSION) return header as DumpHeader
  throw new ServiceError('conflict', 'The dump was created by a newer version of market-data: upgrade this one.')
}

function parsed(line: string): Partial<DumpHeader> | undefined {
  try {
    return JSON.parse(line) as Partial<DumpHeader>
  } catch {
    return undefined
  }
}

/** A row has its columns in their order, without their names. */
function assertColumns(header: DumpHeader, tables: ReadonlyMap<string, Table>): void {
  for (const { name, columns } of header.tables) {
    const ours = tables.get(name)?.columns.map((column) => column.name)
    if (ours?.join() !== columns.join())
      throw incompleteDump(`the columns of its table ${name} are not the columns of its migrations`)
  }
}

async function writeSlice(pool: pg.Pool, tables: ReadonlyMap<string, Table>, slice: readonly string[]): Promise<Table> {
  const name = tableOfLine(slice[0] ?? '') ?? ''
  const table = tables.get(name)
  if (table === undefined) throw incompleteDump(`it has rows of an unknown table ${JSON.stringify(name)}`)
  await writeRows(pool, table, slice)
  return table
}
