import { hash } from 'node:crypto'
import type pg from 'pg'
import { executedNames } from '../schema/migrate.ts'
import { inSnapshot } from '../connection/transaction.ts'
import type { OnProgress } from './dump.ts'
import { deleteRows, hashSlice, keyOfLine, keysBehind, missingKeys, type Key } from './row-keys.ts'
import { readRows, writeRows } from './rows.ts'
import { countRows, describeTables, type Table } from '../schema/catalogue.ts'
import { countSessions, finishTarget, prepareTarget } from './target.ts'

type Options = { readonly onProgress: OnProgress; readonly signal: AbortSignal }

/** The rows of each table; `isFinished` unless somebody works on the source, so that it may have more by now. */
export type Copied = { readonly rows: Readonly<Record<string, number>>; readonly isFinished: boolean }

/**
 * Makes a database the same as the source is at this moment. What is the same already is not written again, so whatever
 * ended an earlier copy, this one goes on from there. The target serves once a copy found nobody at work on the source.
 * @throws ServiceError `conflict` where the target holds something that no copy brought
 */
export async function copyDatabase(source: pg.Pool, target: pg.Pool, options: Options): Promise<Copied> {
  const othersBefore = await countSessions(source)
  const { rows, ...arrived } = await inSnapshot(source, (client) => copySnapshot(client, target, options))
  const isFinished = othersBefore === 0 && (await countSessions(source)) === 0
  if (isFinished) await finishTarget(target, arrived)
  return { rows, isFinished }
}

async function copySnapshot(client: pg.ClientBase, target: pg.Pool, { onProgress, signal }: Options) {
  await prepareTarget(target, await executedNames(client))
  const tables = await describeTables(client)
  // Children before their parents, and all of it before anything is written that may be in the place of what is gone.
  for (const table of tables.toReversed()) await deleteGone(client, target, { table, signal })
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

type Gone = { readonly table: Table; readonly signal: AbortSignal }

/** What a copy had brought and the source has no more. */
async function deleteGone(client: pg.ClientBase, target: pg.Pool, { table, signal }: Gone): Promise<void> {
  let after: Key | undefined
  while (true) {
    signal.throwIfAborted()
    const keys = await keysBehind(target, table, after)
    if (keys.length === 0) return
    const gone = await missingKeys(client, table, keys)
    if (gone.length > 0) await deleteRows(target, table, gone)
    after = keys.at(-1)
  }
}

type Work = Gone & { readonly onDone: (rows: number) => void }

async function copyTable(client: pg.ClientBase, target: pg.Pool, { table, signal, onDone }: Work): Promise<number> {
  const isNew = (await keysBehind(target, table, undefined)).length === 0
  let [done, after]: [number, Key | undefined] = [0, undefined]
  for await (const lines of readRows(client, table, signal)) {
    const last = keyOfLine(table, lines.at(-1) ?? '')
    const isThere = !isNew && (await hashSlice(target, table, { after, last })) === hash('sha256', lines.join('\n'))
    if (!isThere) await writeRows(target, table, lines)
    done += lines.length
    after = last
    onDone(done)
  }
  return done
}
