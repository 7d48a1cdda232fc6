import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import type { PastPrice } from '../../../src/core/prices/history.ts'
import type { MovingAverage } from '../../../src/core/averages/average.ts'
import { AverageBody, averageBody } from '../../../src/formats/average.ts'
import { HistoryPrice, historyPriceBody } from '../../../src/formats/history.ts'
import { nextUrl } from '../../../src/formats/json/page.ts'
import { createHttpService } from '../../support/http-service.ts'

test('the text of prices and averages is that of JSON.stringify in the order of the schema, and CSV has the same values', async (t) => {
  const { ask, pool } = await createHttpService(t)
  await insertOddRows(pool)
  for (const order of ['asc', 'desc']) {
    const { rows } = await pool.query<PastPrice>(
      `${ALL_PRICES} order by event_time ${order}, series_id ${order}, revision ${order}`,
    )
    assert.ok(rows.length > 200)
    const path = `/prices/history?symbol=AAPL&include=superseded&limit=10000&order=${order}`
    const expected = rows.map((row) => textOf(historyPriceBody(row), HistoryPrice))
    assert.equal((await ask(path)).text, `{"data":[${expected.join()}],"next_cursor":null,"next_url":null}`)
    assert.deepEqual(await readPages(ask, path.replace('10000', '7')), expected)
    const table = parse((await ask(`${path}&format=csv`)).text, { columns: true })
    assert.deepEqual(
      table,
      rows.map((row) => csvRow({ symbol: 'AAPL', provider: 'scripted', ...fields(historyPriceBody(row)) })),
    )
    const averages = await pool.query<MovingAverage>(`${ALL_AVERAGES} order by event_time ${order}, series_id ${order}`)
    const texts = averages.rows.map((row) => textOf(averageBody(row), AverageBody))
    assert.deepEqual(await readPages(ask, `/moving-averages?symbol=AAPL&window=5&limit=7&order=${order}`), texts)
    const averageTable = parse((await ask(`/moving-averages?symbol=AAPL&window=5&order=${order}&format=csv`)).text, {
      columns: true,
    })
    assert.deepEqual(
      averageTable,
      averages.rows.map((row) => csvRow({ symbol: 'AAPL', provider: 'scripted', ...fields(averageBody(row)) })),
    )
  }
})

test('the address of the next page is the one that URLSearchParams would write', () => {
  const value = fc.oneof(
    fc.stringMatching(/^[\w.*:+=^,%~ -]{0,8}$/),
    fc.constantFrom('2025-01-01T00%3A00%3A00Z', 'EURUSD%3DX', 'A%41'),
  )
  const parameter = fc
    .tuple(fc.constantFrom('symbol', 'from', 'cursor', 'x'), value)
    .map(([name, text]) => `${name}=${text}`)
  fc.assert(
    fc.property(
      fc.uniqueArray(parameter, { minLength: 1, maxLength: 4, selector: (text) => text.split('=')[0] }),
      (parameters) => {
        const url = `/prices/history?${parameters.join('&')}`
        const expected = new URL(url, 'http://localhost')
        expected.searchParams.set('cursor', 'bmV4dC0_')
        assert.equal(nextUrl(url, 'bmV4dC0_'), expected.pathname + expected.search)
      },
    ),
    { numRuns: 1_000 },
  )
})

type Ask = Awaited<ReturnType<typeof createHttpService>>['ask']

/** The texts of the rows of all pages. */
async function readPages(ask: Ask, path: string): Promise<string[]> {
  const rows: string[] = []
  for (let next: string | null = path; next !== null;) {
    const { text, json } = await ask(next)
    const [, data = ''] = /^\{"data":\[(.*)\],"next_cursor":/s.exec(text) ?? []
    rows.push(...data.split(/(?<=\}),(?=\{)/))
    next = json().next_url
  }
  return rows
}

/** Members as the schema orders them; one that the schema does not have would be missing in the text. */
function textOf(body: object, schema: { readonly properties: object }): string {
  const members = new Map(Object.entries(body))
  const ordered = Object.keys(schema.properties).filter((name) => members.has(name))
  assert.equal(ordered.length, members.size)
  return JSON.stringify(Object.fromEntries(ordered.map((name) => [name, members.get(name)])))
}

function fields(body: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== 'inputs'))
}

function csvRow(row: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, csvText(name, value)]))
}

function csvText(name: string, value: unknown): string {
  if (name === 'timestamp' || name.endsWith('_at')) {
    const [whole = '', fraction = ''] = String(value).slice(0, -1).split('.')
    return `${whole}.${fraction.padEnd(6, '0')}Z`
  }
  if (typeof value === 'object' && value !== null && 'rawJSON' in value) return String(value.rawJSON)
  return typeof value === 'string' ? value : JSON.stringify(value ?? '').replaceAll('"', '')
}

/** Currencies that need quotes in JSON, in CSV, or look like two fields; prices of up to 18 decimals; times of 0 to 6 digits. */
async function insertOddRows(pool: Awaited<ReturnType<typeof createHttpService>>['pool']): Promise<void> {
  await pool.query(
    `insert into series (provider, symbol, currency) select 'scripted', 'AAPL', c from unnest($1::text[]) as c`,
    [[null, 'USD', 'A|B', 'U"S', 'a,b', '\\', '|']],
  )
  const times = [
    '00',
    '01.5',
    '02.25',
    '03.125',
    '04.0625',
    '05.03125',
    '06.283671',
    '07.000001',
    '08.900000',
    '09.120',
  ]
  const prices = [
    '1',
    '0.000000000000000001',
    '123456789.123456789012',
    '99999999999999999999.5',
    '7.10',
    '1.000000000000000000',
  ]
  await pool.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, recorded_at, raw_response_id, epoch)
     select s.id, ('0001-01-01T00:00:' || t.at || 'Z')::timestamptz + (t.n % 3) * interval '2024 years', r, r > 1 and t.n % 2 = 0,
            ($2::numeric[])[1 + (s.id + t.n + r) % 6], timestamptz '2025-01-01Z' + t.n * interval '0.1 s',
            timestamptz '9999-12-31T23:59:59Z' + t.n * interval '0.000001 s', t.n, 1
       from series s cross join unnest($1::text[]) with ordinality as t (at, n) cross join generate_series(1, 3) as r`,
    [times, prices],
  )
  await pool.query(
    `insert into moving_averages (series_id, window_size, event_time, average, computed_at)
     select series_id, 5, event_time, price / 3, received_at from prices where revision = 1`,
  )
}

const ALL_PRICES = `
  select p.id as "priceId", p.series_id as "seriesId", p.event_time as "eventTime", p.price, s.currency,
         p.received_at as "receivedAt", p.recorded_at as "recordedAt", p.raw_response_id as "rawResponseId", p.revision, p.correction
    from prices p join series s on s.id = p.series_id`

const ALL_AVERAGES = `
  select a.series_id as "seriesId", s.currency, a.window_size as window, a.event_time as "eventTime", a.average,
         a.computed_at as "computedAt", null as inputs
    from moving_averages a join series s on s.id = a.series_id`
