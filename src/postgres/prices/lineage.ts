import type pg from 'pg'
import { ServiceError } from '../../errors.ts'
import type { PastPrice } from '../../core/prices/history.ts'
import type { Lineage, RawResponse, ReadLineage, ReadRawBody, ReadRawResponse } from '../../core/prices/lineage.ts'
import { undamagedBody, type HashedBody } from '../ingest/raw-replies.ts'

/** Traces a price back to its reply and forward to its averages of the given windows. */
export function createReadLineage(pool: pg.Pool, windows: readonly number[]): ReadLineage {
  const readRawResponse = createReadRawResponse(pool)
  return async (priceId) => {
    const { rows } = await pool.query<PriceRow>(READ_PRICE, [priceId])
    const row = rows[0]
    if (row === undefined) return undefined
    const { symbol, provider, ...price } = row
    const [revisions, averages, rawResponse] = await Promise.all([
      pool.query<PastPrice>(READ_REVISIONS, [price.seriesId, price.eventTime]),
      pool.query<Lineage['averages'][number]>(READ_AVERAGES_OF, [price.seriesId, price.eventTime, windows]),
      readRawResponse(price.rawResponseId),
    ])
    const related = { revisions: revisions.rows, averages: averages.rows, rawResponse: rawResponse ?? null }
    return { symbol, provider, price, ...related }
  }
}

/** Reads a stored reply without its body. */
export function createReadRawResponse(pool: pg.Pool): ReadRawResponse {
  return async (rawResponseId) => {
    const { rows } = await pool.query<RawResponse>(READ_RAW_RESPONSE, [rawResponseId])
    return rows[0]
  }
}

/** Reads the bytes of a stored reply. @throws ServiceError `not_found` if they are damaged */
export function createReadRawBody(pool: pg.Pool): ReadRawBody {
  return async (rawResponseId) => {
    const { rows } = await pool.query<HashedBody>(READ_RAW_BODY, [rawResponseId])
    if (rows[0] === undefined) return undefined
    const body = undamagedBody(rows[0])
    if (body === undefined) throw new ServiceError('not_found', 'The stored bytes of this reply are damaged.')
    return body
  }
}

type PriceRow = PastPrice & Pick<Lineage, 'symbol' | 'provider'>

/** The columns of a `PastPrice`, of `prices` as `p` with its series as `s`. */
const PAST_PRICE = `
  p.id as "priceId", p.series_id as "seriesId", p.event_time as "eventTime", p.price, s.currency,
  p.received_at as "receivedAt", p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId", p.revision,
  p.correction`

const READ_PRICE = `
  select s.symbol, s.provider, ${PAST_PRICE} from prices p join series s on s.id = p.series_id where p.id = $1`

const READ_REVISIONS = `
  select ${PAST_PRICE} from prices p join series s on s.id = p.series_id
   where p.series_id = $1 and p.event_time = $2 order by p.revision`

/** A price is an input of the averages at its own time and at the next n−1 times. */
const READ_AVERAGES_OF = `
  select a.window_size as window, a.event_time as timestamp, a.average
    from unnest($3::integer[]) as w (size)
   cross join lateral (
      select p.event_time from prices p
       where p.series_id = $1 and p.event_time >= $2 and p.revision = 1 order by p.event_time limit w.size) as t
    join moving_averages a on a.series_id = $1 and a.window_size = w.size and a.event_time = t.event_time
   order by a.window_size, a.event_time`

const READ_RAW_RESPONSE = `
  select id as "rawResponseId", provider, symbols, request, status, encode(sha256, 'hex') as sha256,
         parser_version as "parserVersion", received_at as "receivedAt", refused
    from raw_responses where id = $1`

const READ_RAW_BODY = `
  select b.sha256, b.encoding, b.body from raw_responses r join raw_bodies b on b.sha256 = r.sha256 where r.id = $1`
