import { startBroker } from '../test/support/kafka-broker.ts'
import { createAveraging } from '../src/core/averages/follow.ts'
import { systemClock } from '../src/lib/clock.ts'
import { createRecompute } from '../src/postgres/averages/recompute.ts'
import { createReadAffected, loadCheckpoint, saveCheckpoint } from '../src/postgres/log/log.ts'
import { fillPrices, rowsToRead } from './load.ts'
import { fail, makeTopic } from './kafka.ts'
import { fillReference, startReference } from './reference.ts'
import { startServer, type Database } from './postgres.ts'
import { pgbench } from './processes.ts'
import { interleave, perSecond, type Scale } from './rounds.ts'
import type { Figure } from './table.ts'

const SERIES = 100
/** As many rows as our transactions have. */
const BATCH = 1_000

/**
 * Events a second that became committed averages: ours read from the log, computed and compared; pgbench writes rows of the
 * same table that are known beforehand; the original takes one message at a time from Kafka. Each has one writer.
 */
export async function measureAverages(scale: Scale): Promise<readonly Figure[]> {
  await using server = await startServer()
  const [ours, theirs] = [await server.createDatabase(), await server.createDatabase()]
  await fillPrices(ours.pool, { series: SERIES, rows: rowsToRead(scale) })
  await using stack = new AsyncDisposableStack()
  const broker = stack.adopt(await startBroker(), (running) => running.end())
  await makeTopic(broker.brokers)
  const original = stack.use(await startReference({ databaseUrl: theirs.url, brokers: broker.brokers }))
  await fillReference(theirs, 10_000)
  const few = Math.ceil(scale.events / 200)
  await original.produce(few)
  await theirs.pool.query('create sequence batches')
  const rates = await interleave(scale, {
    ours: () => perSecond(() => average(ours, scale.events)),
    pgbench: async () =>
      BATCH * (await pgbench(theirs, INSERT_AVERAGES, { clients: 1, transactions: Math.ceil(scale.events / BATCH) })),
    original: () => original.consume(few),
  })
  const figure = { what: 'events to committed averages', unit: 'averages/s', ours: rates.ours }
  return [
    { ...figure, peer: { name: 'pgbench', theirs: rates.pgbench, wanted: { atLeast: 0.4 } } },
    { ...figure, peer: { name: 'original', theirs: rates.original, wanted: { atLeast: 100 } } },
  ]
}

/** Goes on in the log where the last round ended. */
async function average({ pool }: Database, events: number): Promise<number> {
  const readLog = createReadAffected(pool)
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
    saveCheckpoint: (reader, position) => saveCheckpoint(pool, reader, position),
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
