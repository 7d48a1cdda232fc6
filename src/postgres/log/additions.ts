import type pg from 'pg'
import type { LogAdditions, ReadAdditions } from '../../core/log/symbol-versions.ts'

/**
 * If there are more to look at, all may be new. Somebody's transaction that stays open makes it so: every entry after it is
 * looked at each time.
 */
const MAX_ENTRIES = 1_000

/** A snapshot is what PostgreSQL calls one: which transactions had ended. It is exact, and costs one look into an index. */
export function createReadAdditions(pool: pg.Pool): ReadAdditions {
  return async (since) => {
    const { rows } = await pool.query<AdditionsRow>({
      name: 'read-additions',
      text: READ_ADDITIONS,
      values: [since?.epoch ?? null, since?.snapshot ?? null, MAX_ENTRIES + 1],
    })
    // An aggregate always has its one row.
    const { looked, symbols, ...snapshot } = rows[0] ?? NOTHING
    return { ...snapshot, symbols: looked > MAX_ENTRIES ? undefined : (symbols ?? []) }
  }
}

type AdditionsRow = Pick<LogAdditions, 'epoch' | 'snapshot'> & {
  readonly looked: number
  readonly symbols: readonly string[] | null
}

const NOTHING: AdditionsRow = { epoch: '', snapshot: '', looked: 0, symbols: null }

/**
 * Every transaction before the `xmin` of a snapshot had ended in it, so its entries cannot be new. The symbol is read for each
 * entry: a join may be planned over all series.
 */
const READ_ADDITIONS = `
  with looked as materialized (
    select series_id, xid from prices where (epoch, xid) >= ($1::integer, pg_snapshot_xmin($2::pg_snapshot))
     order by epoch, xid, id limit $3)
  select (select epoch::text from log_epoch) as epoch, pg_current_snapshot()::text as snapshot, count(*)::integer as looked,
         array_agg(distinct (select symbol from series s where s.id = looked.series_id))
           filter (where not pg_visible_in_snapshot(xid, $2::pg_snapshot)) as symbols
    from looked`
