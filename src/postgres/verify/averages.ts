import type pg from 'pg'
import { averagesReader } from '../../core/averages/advance.ts'
import { exactMean } from '../../core/averages/mean.ts'
import type { Difference } from '../../core/health/verification.ts'
import type { Decimal } from '../../lib/decimal.ts'
import type { Instant } from '../../lib/instant.ts'
import { LOG_START } from '../../core/log/position.ts'
import { loadCheckpoint } from '../log/log.ts'
import { readByCursor } from '../connection/cursor.ts'
import type { Tally } from './tally.ts'

/** A time of a series: its current price, its stored average, or both. */
type Row = {
  readonly seriesId: string
  readonly eventTime: Instant
  readonly price: Decimal | null
  /** Whether this price is after the position that the averages have reached. */
  readonly isPending: boolean
  readonly average: Decimal | null
}

type Work = { readonly tally: Tally; readonly signal: AbortSignal }

const PAGE = 5_000

/** Computes every average of a window again, with other arithmetic than the SQL, and compares it with the stored one. */
export async function verifyAverages(client: pg.ClientBase, window: number, { tally, signal }: Work): Promise<void> {
  const { epoch, xid, id } = (await loadCheckpoint(client, averagesReader(window))) ?? LOG_START
  const values = [window, epoch, xid, id]
  const inputsOf = createInputs(window)
  for await (const row of readByCursor<Row>(client, PRICES_AND_AVERAGES, { values, page: PAGE, signal })) {
    const inputs = inputsOf(row)
    const expected = inputs.length < window ? null : exactMean(inputs.flatMap(({ price }) => price ?? []))
    if (expected !== null || row.average !== null) tally.count('checkedAverages')
    if (row.average === expected) continue
    if (inputs.some((input) => input.isPending)) tally.count('lagging')
    else await tally.differ(() => describe(client, window, { ...row, expected }))
  }
}

/** Returns, for each row in turn, the latest n prices of the series up to it; fewer at its start, none if the row has no price. */
function createInputs(window: number): (row: Row) => readonly Row[] {
  let inputs: Row[] = []
  return (row) => {
    if (inputs[0]?.seriesId !== row.seriesId) inputs = []
    if (row.price === null) return []
    inputs.push(row)
    if (inputs.length > window) inputs.shift()
    return inputs
  }
}

const PRICES_AND_AVERAGES = `
  with current as (
    select distinct on (series_id, event_time) series_id, event_time, price, (epoch, xid, id) > ($2, $3, $4) as pending
      from prices order by series_id, event_time, revision desc
  ), stored as (
    select series_id, event_time, average from moving_averages where window_size = $1
  )
  select series_id as "seriesId", event_time as "eventTime", price, coalesce(pending, false) as "isPending", average
    from current full join stored using (series_id, event_time)
   order by series_id, event_time`

type Found = Row & { readonly expected: Decimal | null }

async function describe(client: pg.ClientBase, window: number, found: Found): Promise<Difference> {
  const { rows } = await client.query<Pick<Difference, 'provider' | 'symbol' | 'currency'>>(
    'select provider, symbol, currency from series where id = $1',
    [found.seriesId],
  )
  const series = rows[0] ?? { provider: '', symbol: '', currency: null }
  const { eventTime: timestamp, average: stored, expected } = found
  return { kind: 'average', ...series, timestamp, window, stored, expected, reason: reasonOf(stored, expected) }
}

function reasonOf(stored: Decimal | null, expected: Decimal | null): string {
  if (stored === null) return 'the average is missing'
  if (expected === null) return 'no such prices are stored'
  return 'it is not the mean of its prices'
}
