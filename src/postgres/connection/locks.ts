import type pg from 'pg'
import { idsText } from './parameters.ts'

// Advisory locks per series, until the end of the transaction. Processes of other versions take the same ones: their keys
// never change. A lock by two numbers never meets one by one number.

/** The first number of the locks of averages. */
export const LOCK_CLASS = 1

/**
 * Locks the averages of series. A statement of its own, so that the next one takes its snapshot under the locks: a later
 * computation has seen more, and a slower one never overwrites a newer.
 * @param seriesIds in ascending order, so that two transactions never wait for each other
 */
export async function lockAverages(client: pg.ClientBase, seriesIds: readonly string[]): Promise<void> {
  await client.query(LOCK_AVERAGES, [LOCK_CLASS, [...new Set(seriesIds)]])
}

const LOCK_AVERAGES = 'select pg_advisory_xact_lock($1, id) from unnest($2::integer[]) as s (id)'

/** Locks series for those who store their prices; in ascending order, so that two transactions never wait for each other. */
export async function lockSeries(client: pg.ClientBase, seriesIds: readonly string[]): Promise<void> {
  await client.query({ name: 'lock-series', text: LOCK_SERIES, values: [idsText(seriesIds)] })
}

/** Counted, so that one row is returned however many series there are. */
const count = (extra = '') => `
  select count(pg_advisory_xact_lock(id))${extra} from (select distinct id from unnest($1::bigint[]) as s (id) order by id) as ordered`

const LOCK_SERIES = count()

/**
 * As `lockSeries`, and lets a statement write that was sent together with `begin` and asks `IS_STORING`: both are gone if
 * there is no transaction. A plan that is made while a table is still small looks up single rows by an index, as it must
 * once the table is large.
 * @param waitMs after which the transaction gives up a lock, of a series or of a row; 0 waits as long as the pool allows
 */
export async function lockForStoring(
  client: pg.ClientBase,
  seriesIds: readonly string[],
  waitMs: number,
): Promise<void> {
  const values = [idsText(seriesIds), String(waitMs)]
  await client.query({ name: 'lock-for-storing', text: LOCK_FOR_STORING, values })
}

/** The condition is evaluated once, before the first lock. */
const LOCK_FOR_STORING = `${count(
  `, set_config('market_data.storing', 'on', true), set_config('enable_seqscan', 'off', true)`,
)}
   where (select set_config('lock_timeout', $2, true)) is not null`

/** Whether this transaction began with `lockForStoring`. */
export const IS_STORING = `current_setting('market_data.storing', true) = 'on'`
