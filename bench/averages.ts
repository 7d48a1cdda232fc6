import { startBroker } from '../test/support/kafka-broker.ts'
import { createAveraging } from '../src/core/averages/follow.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createRecompute } from '../src/postgres/averages/recompute.ts'
import { createReadInputsBefore } from '../src/postgres/averages/inputs.ts'
import { createStoreAverages } from '../src/postgres/averages/store.ts'
import { loadCheckpoint } from '../src/postgres/log/log.ts'
import { createReadPriceEntries } from '../src/postgres/log/price-entries.ts'
import { measured, ownMeters, programMeters, type Work } from './cpu.ts'
import { fillPrices, rowsToRead } from './fill.ts'
import { fail, createTopic } from './kafka.ts'
import { fillReferenceTables, startReference } from './reference.ts'
import { startServer, type Database } from './postgres.ts'
import { pgbench } from './processes.ts'
import { interleaveSamples, timed, type Scale } from './interleave.ts'
import type { Figure } from './table.ts'

const SERIES = 100
/** Rows in each of our transactions. */
const BATCH = 1_000

/**
 * Events per second that become committed averages. We read the log, and compute and store the averages; pgbench inserts
 * known rows into the same table; the reference consumes one Kafka message at a time. Each has one writer.
 */
export async function measureAverages(scale: Scale): Promise<readonly Figure[]> {
  await using server = await startServer()
  const [ours, theirs] = [await server.createDatabase(), await server.createDatabase()]
  await fillPrices(ours.pool, { series: SERIES, rows: rowsToRead(scale) })
  await using stack = new AsyncDisposableStack()
  const broker = stack.adopt(await startBroker(), (running) => running.end())
  await createTopic(broker.brokers)
  const reference = stack.use(await startReference({ databaseUrl: theirs.url, brokers: broker.brokers }))
  await fillReferenceTables(theirs, 10_000)
  const few = Math.ceil(scale.events / 200)
  await reference.produce(few)
  await theirs.pool.query('create sequence batches')
  const samples = await interleaveSamples(scale, {
    ours: () => measured(ownMeters(ours.postmaster), () => timed(() => average(ours, scale.events))),
    pgbench: () => measured(programMeters(theirs.postmaster), () => insertAverages(theirs, scale.events)),
    reference: async () => ({ figure: await reference.consume(few), cpu: {} }),
  })
  const figure = { what: 'events to committed averages', unit: 'averages/s', ours: samples.ours.figure }
  const peer = { name: 'pgbench', theirs: samples.pgbench.figure, cpu: samples.pgbench.cpu }
  return [
    { ...figure, cpu: samples.ours.cpu, peer: { ...peer, target: { atLeast: 0.42 } } },
    { ...figure, peer: { name: 'reference', theirs: samples.reference.figure, target: { atLeast: 150 } } },
  ]
}

async function insertAverages(database: Database, events: number): Promise<Work> {
  const options = { clients: 1, transactions: Math.ceil(events / BATCH) }
  const { operations, perSecond } = await pgbench(database, INSERT_AVERAGES, options)
  return { operations: BATCH * operations, perSecond: BATCH * perSecond }
}

/** Continues in the log after the previous round. */
async function average({ pool }: Database, events: number): Promise<number> {
  const readLog = createReadPriceEntries(pool)
  const stopping = new AbortController()
  let done = 0
  const averaging = createAveraging({
    windows: [5],
    readLog: async (position, limit) => {
      if (done >= events) stopping.abort()
      const entries = done >= events ? [] : await readLog(position, limit)
      done += entries.length
      return entries
    },
    loadCheckpoint: (reader) => loadCheckpoint(pool, reader),
    readInputsBefore: createReadInputsBefore(pool),
    storeAverages: createStoreAverages(pool),
    recompute: (affected, window) => createRecompute(pool, [window])(affected),
    waitForPrices: systemClock.sleep,
    clock: systemClock,
    onError: fail,
  })
  await averaging.run(stopping.signal)
  return done
}

const INSERT_AVERAGES = `
insert into moving_averages (series_id, window_size, event_time, average)
select s, 5, '2026-01-01Z'::timestamptz + b.n * interval '1 s' + t * interval '0.1 s', 100.01 + s
  from (select nextval('batches') as n) as b
 cross join generate_series(0, ${BATCH / SERIES - 1}) as t cross join generate_series(1, ${SERIES}) as s;`
