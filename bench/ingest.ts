import { startBroker } from '../test/support/kafka-broker.ts'
import { createSustainedIngest, symbolsOf } from './fill.ts'
import { createTopic } from './kafka.ts'
import { startReference } from './reference.ts'
import { startServer, type Database } from './postgres.ts'
import { pgbench, wrk } from './processes.ts'
import { interleave, perSecond, type Scale } from './interleave.ts'
import type { Figure } from './table.ts'

/** Concurrent writers on either side. */
const WORKERS = 4
/** The symbols in one request to Yahoo. */
const REPLY = 100
/** The most symbols in one request to any provider. */
const LARGE_REPLY = 500

/**
 * Durable prices per second. We parse, validate and store each reply with its prices; pgbench only inserts rows into the
 * same table; the reference stores one price per request.
 */
export async function measureIngest(scale: Scale): Promise<readonly Figure[]> {
  await using server = await startServer()
  const [ours, theirs] = [await server.createDatabase(), await server.createDatabase()]
  await theirs.pool.query('create sequence replies')
  await using stack = new AsyncDisposableStack()
  const broker = stack.adopt(await startBroker(), (running) => running.end())
  await createTopic(broker.brokers)
  const reference = stack.use(await startReference({ databaseUrl: theirs.url, brokers: broker.brokers }))
  const { seconds } = scale
  const rates = await interleave(scale, {
    large: () => ingest(ours, { size: LARGE_REPLY, seconds }),
    largeByPgbench: () => insert(theirs, { size: LARGE_REPLY, seconds }),
    usual: () => ingest(ours, { size: REPLY, seconds }),
    usualByPgbench: () => insert(theirs, { size: REPLY, seconds }),
    single: () => ingest(ours, { size: 1, seconds }),
    singleByPgbench: () => insert(theirs, { size: 1, seconds }),
    reference: () => wrk(`${reference.url}/prices?symbol=AAPL`, { connections: 16, seconds, method: 'POST' }),
  })
  return [
    { ...figureOf(LARGE_REPLY, rates.large), peer: pgbenchAt(rates.largeByPgbench) },
    { ...figureOf(REPLY, rates.usual), peer: pgbenchAt(rates.usualByPgbench) },
    { ...figureOf(1, rates.single), peer: pgbenchAt(rates.singleByPgbench) },
    {
      ...figureOf(REPLY, rates.usual),
      peer: { name: 'reference', theirs: rates.reference, target: { atLeast: 100 } },
    },
  ]
}

function figureOf(size: number, rate: number) {
  return { what: `durable ingest, replies of ${size}`, unit: 'prices/s', ours: rate }
}

function pgbenchAt(rate: number) {
  return { name: 'pgbench', theirs: rate, target: { atLeast: 0.4 } }
}

type Workload = { readonly size: number; readonly seconds: number }

/** Prices per second that several concurrent workers store, in replies of one size. */
export function ingest({ pool }: Pick<Database, 'pool'>, { size, seconds }: Workload): Promise<number> {
  const store = createSustainedIngest(pool)
  const { signal } = new AbortController()
  return perSecond(async () => {
    const deadline = performance.now() + seconds * 1_000
    const work = async (worker: number) => {
      let prices = 0
      for (; performance.now() < deadline; prices += size) await store('sustained', symbolsOf(worker, size), signal)
      return prices
    }
    const done = await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker)))
    return done.reduce((sum, prices) => sum + prices, 0)
  })
}

/** Like our batches: each client has its own series, and each time is later than the one before. */
async function insert(database: Database, { size, seconds }: Workload): Promise<number> {
  const script = `
insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
select :client_id * ${size} + s, '2026-01-01Z'::timestamptz + r.n * interval '1 ms', 1, false, 100.01 + s, now(), r.n, 1
  from (select nextval('replies') as n) as r cross join generate_series(1, ${size}) as s;`
  return size * (await pgbench(database, script, { clients: WORKERS, seconds }))
}
