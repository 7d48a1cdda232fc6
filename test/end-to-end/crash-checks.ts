import assert from 'node:assert/strict'
import type pg from 'pg'
import type { KafkaAccess } from '../../src/kafka/client/options.ts'
import { createReadLog, loadCheckpoint, logEnd } from '../../src/postgres/log/log.ts'
import type { Instant } from '../../src/lib/instant.ts'
import type { LogEntry } from '../../src/core/log/entry.ts'
import { LOG_START, positionText, RELAY_READER } from '../../src/core/log/position.ts'
import { expectedAverages } from '../core/averages/oracle.ts'
import { eachRecord } from '../support/kafka-records.ts'
import { until } from '../support/until.ts'
import type { ProviderStats, Quoting } from './crash-writers.ts'

const QUIET = { withinMs: 300_000, everyMs: 500 }
const PAGE = 10_000

/** Everything is announced, and every average is there, if maybe not the right one yet. */
export async function untilQuiet(pool: pg.Pool, windows: readonly number[]): Promise<void> {
  await until(
    async () => {
      const [position, end] = await Promise.all([loadCheckpoint(pool, RELAY_READER), logEnd(pool)])
      return positionText(position ?? LOG_START) === positionText(end)
    },
    'everything is announced',
    QUIET,
  )
  await until(
    async () => (await pool.query(MISSING_AVERAGES, [windows])).rowCount === 0,
    'every average is there',
    QUIET,
  )
}

const MISSING_AVERAGES = `
  select from unnest($1::integer[]) as w (size)
    cross join (select series_id, count(*) from prices group by series_id) as p
    left join (select series_id, window_size, count(*) from moving_averages group by 1, 2) as a
           on a.series_id = p.series_id and a.window_size = w.size
   where coalesce(a.count, 0) <> greatest(0, p.count - w.size + 1)`

/** What was acknowledged is there as it was told, and all that is there was said by the provider and is there once. */
export async function assertStoredOnce(pool: pg.Pool, providerStats: ProviderStats, quoting: Quoting): Promise<number> {
  const missing = new Map(providerStats)
  let stored = 0
  for await (const { priceId, symbol, eventTime, price } of eachEntry(pool)) {
    const words = `${symbol} ${eventTime} ${price}`
    assert.ok(quoting.hasSaid(words), `nobody ever said ${words}`)
    if (missing.get(priceId) === words) missing.delete(priceId)
    stored += 1
  }
  assert.deepEqual([...missing], [], 'acknowledged, and not there as it was told')
  // No time was said twice, so there is no second revision, and a time for each price.
  const { rows } = await pool.query<{ twice: string }>('select count(*) as twice from prices where revision <> 1')
  assert.equal(rows[0]?.twice, '0')
  return stored
}

/** Each price is on the topic, and the first references of a symbol are in the order of the log. */
export async function assertPublished(pool: pg.Pool, access: KafkaAccess, topic: string): Promise<number> {
  const seen = new Set<string>()
  const firsts = new Map<string, string[]>()
  let records = 0
  for await (const { key, headers } of eachRecord(access, topic)) {
    records += 1
    const position = headers['mds.position'] ?? ''
    if (seen.has(position)) continue
    seen.add(position)
    const ofSymbol = firsts.get(key) ?? []
    ofSymbol.push(position)
    firsts.set(key, ofSymbol)
  }
  const next = new Map<string, number>()
  for await (const { symbol, position } of eachEntry(pool)) {
    const at = next.get(symbol) ?? 0
    assert.equal(firsts.get(symbol)?.[at], positionText(position), `reference ${at} of ${symbol}`)
    next.set(symbol, at + 1)
    seen.delete(positionText(position))
  }
  assert.deepEqual([...seen], [], 'announced, and not in the log')
  return records
}

/** Asks until no average lags any more; what is wrong is never excused. */
export async function untilVerified(run: (words: readonly string[]) => Promise<Outcome>): Promise<string> {
  return until(
    async () => {
      const { code, stdout, stderr } = await run(['verify', '--json'])
      assert.equal(code, 0, stdout + stderr)
      const found = JSON.parse(stdout)
      assert.equal(found.difference_count, 0, stdout)
      const compared = `${found.checked_prices} prices and ${found.checked_averages} averages compared`
      return found.lagging === 0 && `${compared}, nothing is wrong`
    },
    'no average lags',
    { withinMs: 900_000, everyMs: 1_000 },
  )
}

type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

const SERIES_CHECKED = 4

/** Some series, by school arithmetic. */
export async function assertAverages(pool: pg.Pool, windows: readonly number[]): Promise<void> {
  const { rows } = await pool.query<{ id: string }>('select id from series order by id limit $1', [SERIES_CHECKED])
  assert.equal(rows.length, SERIES_CHECKED)
  for (const { id } of rows) {
    const prices = await readNumbers(pool, 'select event_time, price as number from prices where series_id = $1', [id])
    for (const window of windows) {
      const stored = await readNumbers(pool, AVERAGES, [id, window])
      assert.deepEqual([...stored], expectedAverages(prices, window))
    }
  }
}

const AVERAGES = `
  select event_time, average as number from moving_averages
   where series_id = $1 and window_size = $2 order by event_time`

/** By the millisecond. */
async function readNumbers(pool: pg.Pool, query: string, values: readonly unknown[]): Promise<Map<number, string>> {
  const { rows } = await pool.query<{ event_time: Instant; number: string }>(query, [...values])
  return new Map(rows.map(({ event_time, number }) => [Date.parse(event_time), number]))
}

async function* eachEntry(pool: pg.Pool): AsyncGenerator<LogEntry> {
  const read = createReadLog(pool)
  let position = LOG_START
  for (;;) {
    const entries = await read(position, PAGE)
    yield* entries
    const last = entries.at(-1)
    if (last === undefined) return
    position = last.position
  }
}
