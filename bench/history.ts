import { measured, programMeters, serverMeters } from './cpu.ts'
import { fillPrices } from './fill.ts'
import { startServer } from './postgres.ts'
import { pgbench, wrk } from './processes.ts'
import { interleaveSamples, type Sample, type Scale } from './interleave.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const PAGE = 100
export const CONNECTIONS = 8
/** So many that no page is requested twice within a second. */
export const SERIES = 1_000
const SECOND_MS = 1_000

/**
 * Pages of 100 prices per second: ours over HTTP as exact JSON, pgbench's by one statement on the same rows. The series are
 * stored as prices come in, each row in another block, and their averages are there already.
 */
export async function measureHistory(scale: Scale): Promise<readonly Figure[]> {
  await using server = await startServer()
  const database = await server.createDatabase()
  const seconds = Math.ceil((scale.events * 5) / SERIES)
  await fillPrices(database.pool, { series: SERIES, rows: seconds * SERIES, averages: true })
  await using service = await startService({ DATABASE_URL: database.url })
  const [ours, theirs] = [serverMeters({ ...service, ...database }), programMeters(database.postmaster)]
  const load = { connections: CONNECTIONS, seconds: scale.seconds }
  const clients = { clients: CONNECTIONS, seconds: scale.seconds }
  const samples = await interleaveSamples(scale, {
    newest: () => measured(ours, () => wrk(service.url + newestPath(), { ...load, numbers: SERIES })),
    repeated: () => measured(ours, () => wrk(service.url + closedPath(seconds), load)),
    planned: () => measured(theirs, () => pgbench(database, READ_PAGE, { ...clients, replans: true })),
    prepared: () => measured(theirs, () => pgbench(database, READ_PAGE, clients)),
  })
  return [
    figureOf('history, a page of 100', samples.newest, { ...PLANNED, sample: samples.planned, atLeast: 0.5 }),
    figureOf('history, a page of 100', samples.newest, { ...PREPARED, sample: samples.prepared, atLeast: 0.32 }),
    figureOf(REPEATED, samples.repeated, { ...PLANNED, sample: samples.planned, atLeast: 2 }),
    figureOf(REPEATED, samples.repeated, { ...PREPARED, sample: samples.prepared }),
  ]
}

const REPEATED = 'history, the same page of a closed range again'
const PLANNED = { name: 'pgbench, planned each time' }
const PREPARED = { name: 'pgbench, prepared' }

type Against = { readonly name: string; readonly sample: Sample; readonly atLeast?: number }

function figureOf(what: string, { figure, cpu }: Sample, { name, sample, atLeast }: Against): Figure {
  const target = atLeast === undefined ? {} : { target: { atLeast } }
  return { what, unit: 'pages/s', ours: figure, cpu, peer: { name, theirs: sample.figure, cpu: sample.cpu, ...target } }
}

/** The newest page of the series that `wrk` numbers. */
export function newestPath(): string {
  return `/prices/history?symbol=S{n}&provider=simulated&limit=${PAGE}`
}

/** A page that cannot change any more, of data that covers so many seconds up to now. */
export function closedPath(seconds: number): string {
  const at = (share: number) => new Date(Date.now() - seconds * share * SECOND_MS).toISOString()
  const path = `/prices/history?symbol=S1&provider=simulated&limit=${PAGE}&from=${at(1)}&to=${at(0.2)}`
  return encodeURI(path)
}

/** The rows and columns of the newest page, as the service reads them. */
const READ_PAGE = `
\\set n random(1, ${SERIES})
select p.id, p.series_id, p.event_time, p.price, s.currency, p.received_at, p.recorded_at, p.raw_response_id, p.revision, p.correction
  from series s
 cross join lateral (
    select distinct on (p.event_time) * from prices p
     where p.series_id = s.id and p.event_time >= '-infinity'::timestamptz and p.event_time < 'infinity'::timestamptz
     order by p.event_time desc, p.revision desc limit ${PAGE + 1}) as p
 where s.provider = 'simulated' and s.symbol = 'S' || cast(:n as text)
 order by p.event_time desc, p.series_id desc, p.revision desc limit ${PAGE + 1};`
