import { hash } from 'node:crypto'
import type pg from 'pg'
import { executedNames } from '../schema/migrate.ts'
import { inSnapshot } from '../connection/transaction.ts'
import type { OnProgress } from './dump.ts'
import { deleteRows, hashSlice, keyOfLine, keysAfter, missingKeys, type Key } from './row-keys.ts'
import { readRows, writeRows } from './rows.ts'
import { countRows, describeTables, type Table } from '../schema/catalogue.ts'
import { countSessions, finishTarget, prepareTarget } from './target.ts'

type Options = { readonly onProgress: OnProgress; readonly signal: AbortSignal }

/** The number of rows of each table. Not finished if a service used the source, which may have more rows by now. */
export type Copied = { readonly rows: Readonly<Record<string, number>>; readonly isFinished: boolean }

/**
 * Makes a database equal to the source as it is now. Equal rows are not written again, so this resumes an earlier copy,
 * whatever interrupted that. The target may serve after a copy during which no service used the source.
 * @throws ServiceError `conflict` if the target has rows that no copy wrote
 */
export async function copyDatabase(source: pg.Pool, target: pg.Pool, options: Options): Promise<Copied> {
  const othersBefore = await countSessions(source)
  const { rows, ...sourceState } = await inSnapshot(source, (client) => copySnapshot(client, target, options))
  const isFinished = othersBefore === 0 && (await countSessions(source)) === 0
  if (isFinished) await finishTarget(target, sourceState)
  return { rows, isFinished }
}

async function copySnapshot(client: pg.ClientBase, target: pg.Pool, { onProgress, signal }: Options) {
  await prepareTarget(target, await executedNames(client))
  const tables = await describeTables(client)
  // Children before their parents, and all before the first write: a new row may have the unique value of a deleted one.
  for (const table of tables.toReversed()) await deleteMissing(client, target, { table, signal })
  const rows: Record<string, number> = {}
  for (const table of tables) {
    const all = await countRows(client, table.name)
    rows[table.name] = await copyTable(client, target, {
      table,
      signal,
      onDone: (done) => onProgress(table.name, done, all),
    })
  }
  const { rows: epochs } = await client.query<{ epoch: number }>('select epoch from log_epoch')
  const lastIds = new Map(tables.map(({ name, lastId }) => [name, lastId]))
  return { rows, epoch: epochs[0]?.epoch ?? 0, lastIds }
}

type TableWork = { readonly table: Table; readonly signal: AbortSignal }

/** Deletes rows that an earlier copy wrote and that the source no longer has. */
async function deleteMissing(client: pg.ClientBase, target: pg.Pool, { table, signal }: TableWork): Promise<void> {
  let after: Key | undefined
  while (true) {
    signal.throwIfAborted()
    const keys = await keysAfter(target, table, after)
    if (keys.length === 0) return
    const missing = await missingKeys(client, table, keys)
    if (missing.length > 0) await deleteRows(target, table, missing)
    after = keys.at(-1)
  }
}

type CopyWork = TableWork & { readonly onDone: (rows: number) => void }

async function copyTable(client: pg.ClientBase, target: pg.Pool, { table, signal, onDone }: CopyWork): Promise<number> {
  const isEmpty = (await keysAfter(target, table, undefined)).length === 0
  let done = 0
  let after: Key | undefined
  for await (const lines of readRows(client, table, signal)) {
    const last = keyOfLine(table, lines.at(-1) ?? '')
    const isEqual = !isEmpty && (await hashSlice(target, table, { after, last })) === hash('sha256', lines.join('\n'))
    if (!isEqual) await writeRows(target, table, lines)
    done += lines.length
    after = last
    onDone(done)
  }
  return done
}
