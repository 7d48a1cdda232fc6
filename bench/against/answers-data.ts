import { setTimeout as sleep } from 'node:timers/promises'
import { fillPrices } from '../fill.ts'
import type { Database } from '../postgres.ts'
import type { Service } from '../service.ts'
import { ask } from './answer.ts'

export type Furnished = {
  /** An admin key that no request revokes. */
  readonly key: string
  /** Existing and missing values by the name of a parameter. */
  readonly known: Readonly<Record<string, readonly string[]>>
}

const SERIES = 5
const ROWS = 20_000

/**
 * Fills a database: prices of every kind with their averages, jobs and keys. The service that creates the keys and jobs has
 * ended when this resolves.
 */
export async function furnish(database: Database, start: (database: Database) => Promise<Service>): Promise<Furnished> {
  await fillPrices(database.pool, { series: SERIES, rows: ROWS, averages: true })
  for (const statement of FURTHER_PRICES) await database.pool.query(statement)
  await using service = await start(database)
  const first = await create(service.url, '/keys', { body: { name: 'admin', scopes: ['admin'] } })
  const key = String(first['key'])
  const other = await create(service.url, '/keys', { body: { name: 'reader', scopes: ['read'] }, key })
  const job = { symbols: ['S1', 'AAPL'], interval_seconds: 60, provider: 'simulated' }
  const jobs = await create(service.url, '/prices/poll', { body: job, key })
  await untilAveraged(database)
  const { rows } = await database.pool.query<{ id: string }>(SOME_IDS)
  return {
    key,
    known: {
      ...KNOWN,
      job_id: [...(jobs['job_ids'] as string[]), 'x'],
      key_id: [String(other['key_id']), 'x'],
      id: [...rows.map(({ id }) => id), '999999999', 'x'],
    },
  }
}

type Creation = { readonly body: object; readonly key?: string }

async function create(url: string, path: string, { body, key }: Creation): Promise<Record<string, unknown>> {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const { status, text } = await ask(url, { method: 'POST', path, headers, body: JSON.stringify(body) })
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${text}`)
  return JSON.parse(text) as Record<string, unknown>
}

/** Until the followers of the log have nothing to do, so that both copies begin alike. */
async function untilAveraged({ pool }: Database): Promise<void> {
  const isDone = async () => (await pool.query<{ done: boolean }>(IS_AVERAGED)).rows[0]?.done
  while (!(await isDone())) await sleep(100)
}

const IS_AVERAGED = `
  select (p.epoch, p.xid, p.id) <= (l.epoch, l.xid, l.id) as done
    from log_positions l, (select * from prices order by epoch desc, xid desc, id desc limit 1) as p
   where l.reader = 'averages:5'`

const SOME_IDS = `(select id::text from prices order by id limit 3) union all (select max(id)::text from prices)
  union all (select id::text from raw_responses order by id limit 2)`

/** A second currency, imported prices, long ones, and revisions that supersede others. */
const FURTHER_PRICES = [
  `insert into series (provider, symbol, currency) values
     ('simulated', 'S2', 'EUR'), ('import', 'S1', 'USD'), ('import', 'OLD', null), ('import', 'LONG', 'USD')`,
  `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
   select s.id, '2024-01-01Z'::timestamptz + n * interval '1 day' + n * interval '0.000001 s', 1, false,
          case s.symbol when 'LONG' then 1234567890123456789012345.000000000123456789 + n else 200.5 - n end, now(), 1, 1
     from series s cross join generate_series(1, 150) as n
    where s.provider = 'import' or s.currency = 'EUR' order by n, s.id`,
  `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
   select series_id, event_time, 2, true, price + 1, now(), 1, 1
     from prices where id % 97 = 0`,
  `insert into series_state (series_id, provider_symbol, confirmed_at, market_state)
   select id, symbol, now(), 'closed' from series on conflict do nothing`,
]

const KNOWN = {
  symbol: ['S1', 's1', 'S2', 'S3', 'AAPL', 'OLD', 'LONG', 'NONE', '^GSPC', 'BRK-B', 'EURUSD=X'],
  symbols: ['S1,S2', 's1', 'S1,NONE,S3', 'S1,S2,S3,S4,S5', 'AAPL,MSFT'],
  currency: ['USD', 'EUR', 'GBp'],
  provider: ['simulated', 'simulated', 'import', 'none'],
  window: ['5', '5', '7'],
  from: ['2024-01-01', '2024-03-01T00:02:00+01:00', '2026-01-01T00:00:00Z', '-infinity'],
  to: ['2024-02-01', '2024-03-01T00:00:00.000031Z', '2030-01-01T00:00:00Z'],
  limit: ['1', '2', '100', '1000', '0', '1001'],
  'last-event-id': ['0-0-0', 'x'],
}
