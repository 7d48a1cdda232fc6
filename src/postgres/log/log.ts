import type pg from 'pg'
import type { Instant } from '../../lib/instant.ts'
import type { LogEntry, ReadLog } from '../../core/log/entry.ts'
import { LOG_START, type LogPosition } from '../../core/log/position.ts'

/** Runs a statement: a pool, or the connection of a transaction. */
type Queryable = pg.Pool | pg.ClientBase

/** The most entries of one read, whatever the caller's limit. */
const READ_LIMIT = 10_000

/**
 * Reads the stable entries after a position, at most 10,000. An entry is stable once no earlier one can still appear, so a
 * reader that continues from the last position it saw misses nothing. (Reading by `id > last` would miss late commits.)
 */
export function createReadLog(pool: pg.Pool): ReadLog {
  return async (after, limit) => {
    const { rows } = await pool.query<LogRow>({ name: 'read-log', text: READ_LOG, values: pageValues(after, limit) })
    return rows.map(toEntry)
  }
}

/** SQL of the high-water mark: an entry is stable if and only if it is before this position. Use it in the statement that reads. */
export const HIGH_WATER_MARK = `(select epoch from log_epoch), pg_snapshot_xmin(pg_current_snapshot())`

/** The position that every stable entry is before, and no other entry. */
export async function readHighWaterMark(pool: Queryable): Promise<LogPosition> {
  const { rows } = await pool.query<LogPosition>(
    `select h.epoch::text, h.xid, '0' as id from (select ${HIGH_WATER_MARK}) as h (epoch, xid)`,
  )
  return rows[0] ?? LOG_START
}

/** The position of the newest stable entry, for readers that want only newer ones. */
export async function logEnd(pool: Queryable): Promise<LogPosition> {
  const { rows } = await pool.query<LogPosition>(LOG_END)
  return rows[0] ?? LOG_START
}

/** The position that a reader saved last; undefined if it never did. */
export async function loadCheckpoint(pool: Queryable, reader: string): Promise<LogPosition | undefined> {
  const { rows } = await pool.query<LogPosition>(LOAD_CHECKPOINT, [reader])
  return rows[0]
}

/** The position right before the first entry that was stored at that time or later; the log's end if there is none. */
export async function positionBefore(pool: Queryable, since: Instant): Promise<LogPosition> {
  const { rows } = await pool.query<LogPosition>(POSITION_BEFORE, [since])
  return rows[0] ?? logEnd(pool)
}

/** Saves the position of a reader. It never goes back: of two processes with the same reader, the slower changes nothing. */
export async function saveCheckpoint(pool: Queryable, reader: string, { epoch, xid, id }: LogPosition): Promise<void> {
  await pool.query({ name: 'save-checkpoint', text: SAVE_CHECKPOINT, values: [reader, epoch, xid, id] })
}

/** A checkpoint that moves only from where it is expected to be. */
type Move = { readonly from: LogPosition; readonly to: LogPosition }

/** Moves the checkpoint of a reader; `from` is `LOG_START` if it has none. @returns false, and nothing changes, if it is another one */
export async function moveCheckpoint(client: pg.ClientBase, reader: string, { from, to }: Move): Promise<boolean> {
  const values = [reader, to.epoch, to.xid, to.id, from.epoch, from.xid, from.id]
  const { rowCount } = await client.query({ name: 'move-checkpoint', text: MOVE_CHECKPOINT, values })
  return rowCount === 1
}

type LogRow = Omit<LogEntry, 'position' | 'priceId'> & LogPosition

/** The stable entries after the position $1 to $3, in their order, at most $4. It uses the index only. */
export const STABLE_PRICES = `
  select * from prices
   where (epoch, xid, id) > ($1, $2, $3) and (epoch, xid) < (${HIGH_WATER_MARK})
   order by epoch, xid, id limit $4`

/** Other tables are joined after it: a join before the limit may be planned over the whole log. */
const PAGE = `with page as materialized (${STABLE_PRICES})`

/** The values of `STABLE_PRICES`. */
export function pageValues({ epoch, xid, id }: LogPosition, limit: number): unknown[] {
  return [epoch, xid, id, Math.min(limit, READ_LIMIT)]
}

const READ_LOG = `${PAGE}
  select p.epoch::text, p.xid, p.id, p.series_id as "seriesId", s.symbol, s.provider, s.currency, p.price,
         p.event_time as "eventTime", p.raw_response_id as "rawResponseId", p.correction
    from page p join series s on s.id = p.series_id
   order by p.epoch, p.xid, p.id`

const LOG_END = `
  select p.epoch::text, p.xid, p.id from prices p where (p.epoch, p.xid) < (${HIGH_WATER_MARK})
   order by p.epoch desc, p.xid desc, p.id desc limit 1`

const POSITION_BEFORE = `
  select epoch::text, xid, id - 1 as id from prices where recorded_at >= $1 order by epoch, xid, id limit 1`

const LOAD_CHECKPOINT = 'select epoch::text, xid, id from log_positions where reader = $1'

const SAVE_CHECKPOINT = `
  insert into log_positions as p (reader, epoch, xid, id) values ($1, $2, $3, $4)
  on conflict (reader) do update
    set epoch = excluded.epoch, xid = excluded.xid, id = excluded.id, saved_at = excluded.saved_at
  where (p.epoch, p.xid, p.id) < (excluded.epoch, excluded.xid, excluded.id)`

const MOVE_CHECKPOINT = `
  insert into log_positions as p (reader, epoch, xid, id) values ($1, $2, $3, $4)
  on conflict (reader) do update
    set epoch = excluded.epoch, xid = excluded.xid, id = excluded.id, saved_at = excluded.saved_at
  where (p.epoch, p.xid, p.id) = ($5, $6, $7)`

function toEntry(row: LogRow): LogEntry {
  const { epoch: _epoch, xid: _xid, id, ...entry } = row
  return { position: positionOf(row), priceId: id, ...entry }
}

/** The position of a row, without its other columns. */
export function positionOf({ epoch, xid, id }: LogPosition): LogPosition {
  return { epoch, xid, id }
}
