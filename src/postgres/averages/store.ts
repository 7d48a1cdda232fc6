import type pg from 'pg'
import { averagesReader, type NewAverages, type StoreAverages } from '../../core/averages/advance.ts'
import type { Affected } from '../../core/log/entry.ts'
import { lockAverages } from '../connection/locks.ts'
import { arrayText, idsText } from '../connection/parameters.ts'
import { inTransactionFrom, type Fence } from '../connection/transaction.ts'
import { moveCheckpoint } from '../log/log.ts'

/**
 * Stores averages that were computed along the log, and the checkpoint after them, in one transaction. It holds the locks of
 * `recompute` and retention: no price of an average is deleted between the check and the commit.
 */
export function createStoreAverages(pool: pg.Pool, fence?: Fence): StoreAverages {
  return async (step) => {
    const ids = step.averages.map(({ seriesId }) => seriesId)
    const open = async (client: pg.PoolClient) => (ids.length > 0 ? lockAverages(client, ids) : undefined)
    const work = (client: pg.PoolClient) => storeStep(client, step)
    return inTransactionFrom(pool, { open, work, fence }).then(
      () => true,
      (error: unknown) => {
        if (error === OUTDATED) return false
        throw error
      },
    )
  }
}

/** Thrown so that the transaction is rolled back. */
const OUTDATED = new Error('the checkpoint has moved, or the prices are gone')

async function storeStep(client: pg.PoolClient, step: NewAverages): Promise<void> {
  const { window, averages, oldestInputs, from, to } = step
  const [areStored, , hasMoved] = await Promise.all([
    oldestInputs.length === 0 || areAllStored(client, oldestInputs),
    averages.length === 0 || insertAverages(client, window, averages),
    moveCheckpoint(client, averagesReader(window), { from, to }),
  ])
  if (!areStored || !hasMoved) throw OUTDATED
}

/** Retention deletes the oldest prices first: if this one is stored, so are all after it. */
async function areAllStored(client: pg.PoolClient, prices: readonly Affected[]): Promise<boolean> {
  const { rows } = await client.query<{ stored: boolean }>(ARE_STORED, columnsOf(prices))
  return rows[0]?.stored ?? false
}

function columnsOf(rows: readonly Affected[]): [seriesIds: string, eventTimes: string] {
  return [idsText(rows.map(({ seriesId }) => seriesId)), arrayText(rows.map(({ eventTime }) => eventTime))]
}

async function insertAverages(client: pg.PoolClient, window: number, averages: NewAverages['averages']): Promise<void> {
  const values = [window, ...columnsOf(averages), arrayText(averages.map(({ average }) => average))]
  await client.query({ name: 'insert-averages', text: INSERT, values })
}

/** By the index for each of them, however many there are: hence the limit. Never a named statement: its plan might be kept from an empty table. */
const ARE_STORED = `
  select bool_and(exists (
           select from prices p where p.series_id = t.series_id and p.event_time = t.event_time and p.revision = 1
            order by p.event_time limit 1)) as stored
    from unnest($1::bigint[], $2::timestamptz[]) as t (series_id, event_time)`

/** An average that is stored already, by the sweep or after a crash, is right unless a price before it came late. */
const INSERT = `
  insert into moving_averages as a (series_id, window_size, event_time, average)
  select t.series_id, $1::integer, t.event_time, t.average
    from unnest($2::bigint[], $3::timestamptz[], $4::numeric[]) as t (series_id, event_time, average)
  on conflict (series_id, window_size, event_time)
  do update set average = excluded.average, computed_at = excluded.computed_at
   where a.average <> excluded.average or scale(a.average) <> scale(excluded.average)`
