import { startBroker } from '../test/support/kafka-broker.ts'
import { measured, ownMeters, programMeters, serverMeters, type Work } from './cpu.ts'
import type { Ingest } from '../src/core/ingest/ingest.ts'
import { createSustainedIngest, symbolsOf } from './fill.ts'
import { createTopic } from './kafka.ts'
import { startReference } from './reference.ts'
import { startServer, type Database } from './postgres.ts'
import { pgbench, wrk } from './processes.ts'
import { interleaveSamples, timed, type Sample, type Scale } from './interleave.ts'
import type { Figure, Peer } from './table.ts'

/** What one side stores: prices in each reply or transaction, concurrent writers, and for how long. */
export type Workload = { readonly size: number; readonly workers: number; readonly seconds: number }

/** 500 is the most symbols in one request to any provider, 100 the most in one to Yahoo. */
const LARGE = { size: 500, workers: 4 }
const USUAL = { size: 100, workers: 4 }
const SINGLE = { size: 1, workers: 4 }
const CROWDED = { size: 1, workers: 16 }

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
  const store = (load: Omit<Workload, 'seconds'>) => () =>
    measured(ownMeters(ours.postmaster), () => ingest(ours, { ...load, seconds }))
  const insert = (load: Omit<Workload, 'seconds'>) => () =>
    measured(programMeters(theirs.postmaster), () => insertRows(theirs, { ...load, seconds }))
  const post = { connections: 16, seconds, method: 'POST' }
  const samples = await interleaveSamples(scale, {
    large: store(LARGE),
    largeByPgbench: insert(LARGE),
    usual: store(USUAL),
    usualByPgbench: insert(USUAL),
    single: store(SINGLE),
    singleByPgbench: insert(SINGLE),
    crowded: store(CROWDED),
    crowdedByPgbench: insert(CROWDED),
    reference: () =>
      measured(serverMeters({ ...theirs, ...reference }), () => wrk(`${reference.url}/prices?symbol=AAPL`, post)),
  })
  return [
    figureOf('durable ingest, replies of 500', samples.large, pgbenchAt(samples.largeByPgbench, 0.45)),
    figureOf('durable ingest, replies of 100', samples.usual, pgbenchAt(samples.usualByPgbench, 0.33)),
    figureOf('durable ingest, replies of 1, 4 workers', samples.single, pgbenchAt(samples.singleByPgbench, 0.38)),
    figureOf('durable ingest, replies of 1, 16 workers', samples.crowded, pgbenchAt(samples.crowdedByPgbench, 0.5)),
    figureOf('durable ingest, replies of 100', samples.usual, peerOf('reference', samples.reference, 150)),
  ]
}

function figureOf(what: string, { figure, cpu }: Sample, peer: Peer): Figure {
  return { what, unit: 'prices/s', ours: figure, cpu, peer }
}

function pgbenchAt(sample: Sample, atLeast: number): Peer {
  return peerOf('pgbench', sample, atLeast)
}

function peerOf(name: string, { figure, cpu }: Sample, atLeast: number): Peer {
  return { name, theirs: figure, cpu, target: { atLeast } }
}

/** Stores prices with several concurrent workers, in replies of one size; an operation is a price. */
export function ingest({ pool }: Pick<Database, 'pool'>, load: Workload): Promise<Work> {
  return ingestWith(createSustainedIngest(pool), load)
}

/** The same with an ingest that may be of another version. */
export function ingestWith(store: Ingest, { size, workers, seconds }: Workload): Promise<Work> {
  const { signal } = new AbortController()
  return timed(async () => {
    const deadline = performance.now() + seconds * 1_000
    const work = async (worker: number) => {
      let prices = 0
      for (; performance.now() < deadline; prices += size) await store('sustained', symbolsOf(worker, size), signal)
      return prices
    }
    const done = await Promise.all(Array.from({ length: workers }, (_, worker) => work(worker)))
    return done.reduce((sum, prices) => sum + prices, 0)
  })
}

/** Like our batches: each client has its own series, and each time is later than the one before. */
async function insertRows(database: Database, { size, workers, seconds }: Workload): Promise<Work> {
  const script = `
insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
select :client_id * ${size} + s, '2026-01-01Z'::timestamptz + r.n * interval '1 ms', 1, false, 100.01 + s, now(), r.n, 1
  from (select nextval('replies') as n) as r cross join generate_series(1, ${size}) as s;`
  const { operations, perSecond } = await pgbench(database, script, { clients: workers, seconds })
  return { operations: size * operations, perSecond: size * perSecond }
}
