import { setTimeout as sleep } from 'node:timers/promises'
import { measured, serverMeters, type Work } from '../cpu.ts'
import { interleaveSamples, type Sample, type Scale } from '../interleave.ts'
import { startServer, type Database } from '../postgres.ts'
import { startService } from '../service.ts'
import { migrateOf } from './checkout.ts'
import type { Change, Folders } from './compare.ts'

const SERIES = 100
const POLL_MS = 20

/** Events per second that a whole service turns into committed averages, from prices that one transaction inserted. */
export async function compareAverages({ before, now }: Folders, scale: Scale): Promise<readonly Change[]> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startServer())
  const start = async (folder: string): Promise<Running> => {
    const database = await server.createDatabase(await migrateOf(folder))
    await database.pool.query(INSERT_SERIES, [SERIES])
    const service = stack.use(await startService({ DATABASE_URL: database.url }, folder))
    return { ...database, pid: service.pid, seconds: 0 }
  }
  const [older, newer] = [await start(before), await start(now)]
  const samples = await interleaveSamples(scale, {
    before: () => average(older, scale.events),
    now: () => average(newer, scale.events),
  })
  return [{ what: 'events to committed averages, whole service', unit: 'averages/s', ...samples }]
}

type Running = Database & {
  readonly pid: number
  /** How many seconds of prices each series has. */
  seconds: number
}

async function average(running: Running, events: number): Promise<Sample> {
  const seconds = Math.ceil(events / SERIES)
  const from = await checkpoint(running.pool)
  const { rows } = await running.pool.query<{ id: string }>(INSERT_PRICES, [SERIES, running.seconds, seconds])
  running.seconds += seconds
  const to = BigInt(rows[0]?.id ?? 0)
  return measured(serverMeters(running), () => untilAveraged(running, { from, to, events: seconds * SERIES }))
}

type Part = { readonly from: bigint; readonly to: bigint; readonly events: number }

/** The service may notice the prices only after a pause, so the rate is that after its first checkpoint among them. */
async function untilAveraged({ pool }: Database, { from, to, events }: Part): Promise<Work> {
  const first = await checkpointWhere(pool, (id) => id > from)
  const since = performance.now()
  await checkpointWhere(pool, (id) => id >= to)
  const perSecond = (Number(to - first) * 1_000) / (performance.now() - since)
  return { operations: events, perSecond: first < to ? perSecond : Number.NaN }
}

async function checkpointWhere(pool: Database['pool'], isReached: (id: bigint) => boolean): Promise<bigint> {
  for (;;) {
    const id = await checkpoint(pool)
    if (isReached(id)) return id
    await sleep(POLL_MS)
  }
}

async function checkpoint(pool: Database['pool']): Promise<bigint> {
  const { rows } = await pool.query<{ id: string }>(`select id from log_positions where reader = 'averages:5'`)
  return BigInt(rows[0]?.id ?? 0)
}

const INSERT_SERIES = `insert into series (provider, symbol, currency) select 'simulated', 'S' || n, 'USD' from generate_series(1, $1) as n`

/** As they come in: for each second, one of every series. */
const INSERT_PRICES = `
  with inserted as (
    insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
    select n, '2026-01-01Z'::timestamptz + ($2::integer + s) * interval '1 second', 1, false,
           100 + (n + s) % 100 + 0.01 * (s % 100), now(), 1, 1
      from generate_series(1, $3::integer) as s cross join generate_series(1, $1::integer) as n
     order by s, n
    returning id)
  select max(id)::text as id from inserted`
