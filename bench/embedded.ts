import { rmSync } from 'node:fs'
import { openDatabase } from '../src/postgres/database.ts'
import { createReadHistory } from '../src/postgres/prices/history.ts'
import { migrate } from '../src/postgres/schema/migrate.ts'
import type { ReadHistory } from '../src/core/prices/history.ts'
import { ingest } from './ingest.ts'
import { createFolder, startServer, type Database } from './postgres.ts'
import { interleave, perSecond, type Scale } from './interleave.ts'
import type { Figure } from './table.ts'

const SERVER = { name: 'server', target: { atLeast: 0.8 } }

/** The embedded database over its private socket, and a PostgreSQL server with default settings over TCP. */
export async function measureEmbedded(scale: Scale): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack()
  const path = stack.adopt(createFolder(), (folder) => rmSync(folder, { recursive: true, force: true }))
  const log = { warn: () => {}, debug: () => {} }
  const embedded = stack.use(await openDatabase({ at: { path, moved: false }, poolSize: 16, log }))
  await migrate(embedded.pool)
  const server = await stack.use(await startServer()).createDatabase()
  const rates = await interleave(scale, {
    writes: () => ratePerSecond(embedded, scale),
    serverWrites: () => ratePerSecond(server, scale),
    reads: () => readPages(createReadHistory(embedded.pool), scale),
    serverReads: () => readPages(createReadHistory(server.pool), scale),
  })
  return [
    {
      what: 'embedded, durable ingest',
      unit: 'prices/s',
      ours: rates.writes,
      peer: { ...SERVER, theirs: rates.serverWrites },
    },
    {
      what: 'embedded, reading pages of 100',
      unit: 'pages/s',
      ours: rates.reads,
      peer: { ...SERVER, theirs: rates.serverReads },
    },
  ]
}

async function ratePerSecond(database: Pick<Database, 'pool'>, { seconds }: Scale): Promise<number> {
  return (await ingest(database, { size: 100, workers: 4, seconds })).perSecond
}

const READERS = 4

function readPages(readHistory: ReadHistory, { seconds }: Scale): Promise<number> {
  const request = { provider: 'sustained', symbol: 'W0S0', limit: 100, order: 'desc', withSuperseded: false } as const
  return perSecond(async () => {
    const deadline = performance.now() + seconds * 1_000
    const read = async () => {
      let pages = 0
      for (; performance.now() < deadline; pages++) await readHistory(request)
      return pages
    }
    const done = await Promise.all(Array.from({ length: READERS }, read))
    return done.reduce((sum, pages) => sum + pages, 0)
  })
}
