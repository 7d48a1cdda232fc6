import type pg from 'pg'
import type { PriceEntry, ReadPriceEntries } from '../../core/log/entry.ts'
import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import { instantOf } from '../connection/values.ts'
import { pageValues, STABLE_PRICES } from './log.ts'

/**
 * As `createReadLog`, for averages. The entries come as one row with an array for each column: `pg` spends four times as long
 * on a row for each entry.
 */
export function createReadPriceEntries(pool: pg.Pool): ReadPriceEntries {
  return async (after, limit) => {
    const values = pageValues(after, limit)
    const { rows } = await pool.query<Columns>({ name: 'read-price-entries', text: READ_COLUMNS, values })
    return rows[0] ? toEntries(rows[0]) : []
  }
}

/** Arrays as PostgreSQL writes them: `{1,2}`; null if there is no entry. */
type Columns = Readonly<Record<(typeof COLUMNS)[number][0], string | null>>

function toEntries(columns: Columns): PriceEntry[] {
  const [epochs, xids, ids] = [elementsOf(columns.epochs), elementsOf(columns.xids), elementsOf(columns.ids)]
  const [prices, newest] = [elementsOf(columns.prices), elementsOf(columns.newest)]
  const eventTimes = elementsOf(columns.event_times)
  return elementsOf(columns.series_ids).map((seriesId, at) => ({
    position: { epoch: epochs[at] ?? '', xid: xids[at] ?? '', id: ids[at] ?? '' },
    seriesId,
    eventTime: instantOf((eventTimes[at] ?? '').slice(1, -1)) as Instant,
    price: (prices[at] ?? '') as Decimal,
    isNewest: newest[at] === 't',
  }))
}

/** None of them contains a comma; times have quotes around them. */
function elementsOf(text: string | null): string[] {
  return text === null ? [] : text.slice(1, -1).split(',')
}

const COLUMNS = [
  ['epochs', 'epoch'],
  ['xids', 'xid'],
  ['ids', 'id'],
  ['series_ids', 'series_id'],
  ['event_times', 'event_time'],
  ['prices', 'price'],
  ['newest', 'revision = 1 and not late'],
] as const

/** From PostgreSQL 16 on, the order of the page is the order of the arrays, and nothing is sorted. */
const READ_COLUMNS = `
  select ${COLUMNS.map(([name, sql]) => `array_agg(${sql} order by epoch, xid, id)::text as ${name}`).join(', ')}
    from (${STABLE_PRICES}) as page`
