import { createRecompute } from '../src/postgres/averages/recompute.ts'
import { createReadLatest } from '../src/postgres/prices/latest.ts'
import type { Affected } from '../src/core/log/entry.ts'
import { fillPrices } from './load.ts'
import { startServer, type Database } from './postgres.ts'
import { interleave, quantile, type Scale } from './rounds.ts'
import type { Figure } from './table.ts'

const SERIES = 1_000
const SMALLER = 20

/** How long the same takes when there are twenty times as many prices and averages; the disk's cache holds neither. */
export async function measureGrowth(scale: Scale): Promise<readonly Figure[]> {
  await using server = await startServer()
  const [large, small] = [await server.createDatabase(), await server.createDatabase()]
  const fill = { series: SERIES, averages: true }
  await fillPrices(large.pool, { ...fill, rows: scale.rows })
  await fillPrices(small.pool, { ...fill, rows: scale.rows / SMALLER })
  const ms = await interleave(scale, {
    largeLatest: () => timeLatest(large),
    smallLatest: () => timeLatest(small),
    largeAverages: () => timeAverages(large),
    smallAverages: () => timeAverages(small),
  })
  const peer = (theirs: number) => ({ name: rowsText(scale.rows / SMALLER), theirs, wanted: { atMost: 1.5 } })
  const of = `at ${rowsText(scale.rows)}`
  return [
    { what: `latest price ${of}`, unit: 'ms', ours: ms.largeLatest, peer: peer(ms.smallLatest) },
    {
      what: `averages of ${SERIES} new prices ${of}`,
      unit: 'ms',
      ours: ms.largeAverages,
      peer: peer(ms.smallAverages),
    },
  ]
}

function rowsText(count: number): string {
  return `${count.toLocaleString('en')} rows`
}

/** Each of the symbols, one after another. */
async function timeLatest({ pool }: Database): Promise<number> {
  const readLatest = createReadLatest(pool)
  const times: number[] = []
  for (let n = 1; n <= SERIES; n++) {
    times.push(await timeOf(() => readLatest({ provider: 'simulated', symbols: [`S${n}`] })))
  }
  return quantile(times, 0.5)
}

const REPEATS = 10

/** A second passes: one price more of each symbol. */
async function timeAverages({ pool }: Database): Promise<number> {
  const recompute = createRecompute(pool, [5])
  const times: number[] = []
  for (let at = 0; at < REPEATS; at++) {
    const { rows } = await pool.query<Affected>(NEXT_SECOND, [SERIES])
    times.push(await timeOf(() => recompute(rows)))
  }
  return quantile(times, 0.5)
}

const NEXT_SECOND = `
  insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
  select n, t.newest + interval '1 s', 1, false, 100.01 + n, now(), 1, 1
    from (select max(event_time) as newest from prices where series_id = 1) as t cross join generate_series(1, $1) as n
  returning series_id as "seriesId", event_time as "eventTime"`

async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const since = performance.now()
  await work()
  return performance.now() - since
}
