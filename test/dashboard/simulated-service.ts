import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { readConfig } from '../../src/app/config.ts'
import { ROLES } from '../../src/core/cluster/roles.ts'
import { createRecompute } from '../../src/postgres/averages/recompute.ts'
import { createPool } from '../../src/postgres/connection/pool.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { createSimulated } from '../../src/providers/simulated/provider.ts'
import { startService, type Service } from '../../src/app/service.ts'
import { createEmptyDatabase, urlOf } from '../support/database.ts'

const SYMBOLS = ['AAPL', 'MSFT', 'NVDA', 'TSLA', 'BTC-USD', 'AMZN', 'GOOG', 'ETH-USD']
const STEPS = 150

/** The service as `npm start` runs it, with a few minutes of prices. @returns its address */
export async function serveSimulated(t: TestContext): Promise<string> {
  let service: Service | undefined
  // Hooks run in the order of their registration: the service stops before its database is dropped.
  t.after(() => service?.[Symbol.asyncDispose]())
  const connection = await createEmptyDatabase(t)
  const log = pino({ level: 'silent' })
  const version = { name: 'market-data-service', version: '0.0.0-test', node: process.version }
  const config = { ...readConfig({ PORT: '0', MA_WINDOWS: '5,20', DATABASE_URL: urlOf(connection) }, '/dev/null') }
  service = await startService({ config, log, version }, { demo: true, roles: ROLES })
  await simulatePast(connection)
  return service.url
}

type Connection = Awaited<ReturnType<typeof createEmptyDatabase>>

async function simulatePast(connection: Connection): Promise<void> {
  const pool = createPool(connection, { size: 2, onError: () => {} })
  const record = createStoreReply(pool)
  const now = Date.now()
  const { signal } = new AbortController()
  for (let at = STEPS; at > 0; at--) {
    const source = createSimulated({
      seed: 'market-data',
      clock: { now: () => now - at * 2_000, monotonic: () => 0, sleep: async () => {} },
    })
    const reply = await source.fetchReply(SYMBOLS, signal)
    await record(reply, source.parseReply(reply))
  }
  const { rows } = await pool.query('select series_id as "seriesId", event_time as "eventTime" from prices')
  await createRecompute(pool, [5, 20])(rows)
  await pool.end()
}
