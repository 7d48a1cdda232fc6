import type { PriceFeed } from '../../cli/prices/watch.ts'
import { MAX_JOBS } from '../../core/polling/job.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { joinDatabase } from '../../postgres/database.ts'
import { findRunning } from '../../postgres/embedded/server.ts'
import { createJobs } from '../../postgres/polling/jobs.ts'
import { createReadLatest } from '../../postgres/prices/latest.ts'
import { createReadLog, logEnd } from '../../postgres/log/log.ts'
import { assertMigrated } from '../../postgres/schema/migrate.ts'
import { databaseOptions, type AppContext } from '../context.ts'

/**
 * What `watch` reads. It never opens the embedded database itself, because that would keep the service that it waits for
 * from starting. Undefined while no service runs on that database.
 */
export async function joinPriceFeed(context: AppContext, providers: readonly string[]): Promise<PriceFeed | undefined> {
  const options = databaseOptions(context)
  if ('path' in options.at && (await findRunning(options.at.path)) === undefined) return undefined
  await using opening = new AsyncDisposableStack()
  const { pool } = opening.use(await joinDatabase(options))
  await assertMigrated(pool)
  const readLatest = createReadLatest(pool)
  const jobs = createJobs(pool, clock)
  const joined = opening.move()
  return {
    readLog: createReadLog(pool),
    logEnd: () => logEnd(pool),
    readNewest: async (symbols) => {
      const ofProviders = await Promise.all(providers.map((provider) => readLatest({ provider, symbols })))
      return ofProviders.flatMap((prices) => prices.values().toArray())
    },
    readJobs: async () => (await jobs.list({ limit: MAX_JOBS })).data,
    [Symbol.asyncDispose]: () => joined.disposeAsync(),
  }
}
