import type pg from 'pg'
import type {
  AverageInput,
  AverageLine,
  AveragesRequest,
  MovingAverage,
  ReadAverageLines,
  ReadAverages,
} from '../../core/averages/average.ts'
import { pageCondition, readLines, type NamedStatement, type PagePlace } from '../connection/pages.ts'
import { rangeValues } from '../connection/parameters.ts'

/** Reads moving averages by event time, with their inputs, which are read from the prices themselves. */
export function createReadAverages(pool: pg.Pool): ReadAverages {
  return async (request) => {
    const { rows } = await pool.query<MovingAverage>(averagesStatement(request, 'rows'))
    return addInputs(pool, rows, request.window)
  }
}

/** Reads moving averages by event time, as lines. */
export function createReadAverageLines(pool: pg.Pool): ReadAverageLines {
  return (request) => readLines<AverageLine>(pool, averagesStatement(request, 'lines'))
}

/** The statement of a page, named by its text, and its values. */
export function averagesStatement(
  { order, window, after, ...request }: AveragesRequest,
  form: 'rows' | 'lines',
): NamedStatement {
  const place = { order, isNext: after !== undefined }
  const key = after === undefined ? [] : [after.eventTime, after.seriesId]
  return {
    name: `read-average-${form}-${order}${place.isNext ? '-next' : ''}`,
    text: `select ${COLUMNS[form]} from (${readAverages(place)}) as a`,
    values: [...rangeValues(request), window, ...key],
  }
}

const COLUMNS = {
  rows: `a.series_id as "seriesId", a.currency, a.window_size as window, a.event_time as "eventTime", a.average,
         a.computed_at as "computedAt", null as inputs`,
  lines: `string_agg(concat_ws('|', a.event_time, a.average, a.computed_at, a.series_id, a.currency), E'\\n') as lines`,
}

/** Each series is read along its index up to the limit, and then they are merged. */
function readAverages(place: PagePlace): string {
  const { order } = place
  return `
    select a.*, s.currency
      from series s
     cross join lateral (
        select * from moving_averages a
         where a.series_id = s.id and a.window_size = $7
           and a.event_time >= $4::timestamptz and a.event_time < $5::timestamptz
           ${pageCondition(place, 'a.event_time ?= $8::timestamptz and (a.event_time, a.series_id) ? ($8, $9::bigint)')}
         order by a.event_time ${order} limit $6) as a
     where s.provider = $1 and s.symbol = $2 and ($3::text is null or s.currency = $3)
     order by a.event_time ${order}, a.series_id ${order} limit $6`
}

type InputRow = { readonly n: number } & AverageInput

async function addInputs(pool: pg.Pool, averages: MovingAverage[], window: number): Promise<MovingAverage[]> {
  const seriesIds = averages.map((average) => average.seriesId)
  const eventTimes = averages.map((average) => average.eventTime)
  const { rows } = await pool.query<InputRow>(READ_INPUTS, [seriesIds, eventTimes, window])
  const byAverage = Map.groupBy(rows, (row) => row.n)
  return averages.map((average, index) => Object.assign(average, { inputs: byAverage.get(index + 1) ?? [] }))
}

/** The definition itself: the n latest current prices up to the time. */
const READ_INPUTS = `
  select t.n::integer as n, p.*
    from unnest($1::bigint[], $2::timestamptz[]) with ordinality as t (series_id, event_time, n)
   cross join lateral (
      select distinct on (p.event_time) p.id as "priceId", p.event_time as "eventTime", p.price
        from prices p
       where p.series_id = t.series_id and p.event_time <= t.event_time
       order by p.event_time desc, p.revision desc limit $3) as p
   order by t.n, p."eventTime"`
