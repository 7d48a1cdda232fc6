import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { measured, programMeters, serverMeters, type Meters } from './cpu.ts'
import { fillPrices } from './fill.ts'
import { startServer, type Database } from './postgres.ts'
import { runProgram } from './processes.ts'
import { interleaveSamples, timed, type Scale } from './interleave.ts'
import { startService } from './service.ts'
import type { Figure } from './table.ts'

const MOST_ROWS = 1_000_000

/** Rows per second of one series as CSV: ours over HTTP, psql's by `COPY … TO STDOUT` of the same columns. */
export async function measureExports(scale: Scale): Promise<readonly Figure[]> {
  const rows = Math.min(MOST_ROWS, scale.rows)
  await using server = await startServer()
  const database = await server.createDatabase()
  await fillPrices(database.pool, { series: 1, rows, averages: true })
  // A row a second is more days than simulated prices are kept.
  await using service = await startService({ DATABASE_URL: database.url, RETENTION_SIMULATED_DAYS: '1000' })
  const url = `${service.url}/prices/history?symbol=S1&provider=simulated&format=csv&order=asc`
  const samples = await interleaveSamples(scale, {
    ours: () => measured(withThisClient({ ...service, ...database }), () => timed(() => download(url, rows))),
    copy: () => measured(programMeters(database.postmaster), () => timed(() => copy(database, rows))),
  })
  const peer = { name: 'psql, COPY … TO STDOUT', theirs: samples.copy.figure, cpu: samples.copy.cpu }
  const what = `export of ${rows.toLocaleString('en')} rows as CSV`
  const { figure: ours, cpu } = samples.ours
  return [{ what, unit: 'rows/s', ours, cpu, peer: { ...peer, target: { atLeast: 0.45 } } }]
}

/** The client of a download is this process. */
function withThisClient(pids: { readonly pid: number; readonly postmaster: number }): Meters {
  return { ...serverMeters(pids), client: () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6 }
}

/** Reads a CSV to its end. @throws unless it has so many lines under its header */
async function download(url: string, rows: number): Promise<number> {
  const [response] = (await once(get(url), 'response')) as [IncomingMessage]
  let lines = 0
  for await (const chunk of response as AsyncIterable<Buffer>) lines += linesIn(chunk)
  if (response.statusCode !== 200 || lines !== rows + 1)
    throw new Error(`${url}: ${response.statusCode}, ${lines} lines`)
  return rows
}

function linesIn(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  return lines
}

async function copy({ url }: Database, rows: number): Promise<number> {
  await runProgram(['psql', url, '--no-psqlrc', '--quiet', '--output', '/dev/null', '--command', COPY])
  return rows
}

const COPY = `
  copy (select p.id, s.symbol, s.provider, p.price, s.currency, p.event_time, p.received_at, p.recorded_at,
               p.raw_response_id, p.revision, p.correction
          from prices p join series s on s.id = p.series_id
         where s.symbol = 'S1' and s.provider = 'simulated' order by p.event_time) to stdout (format csv, header)`
