import type pg from 'pg'
import type { Logger } from 'pino'
import { createAveraging } from './averages/averaging.ts'
import { createSweeping } from './averages/sweeping.ts'
import type { Role } from './cli/roles.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import { createPoller } from './polling/poller.ts'
import { createRecompute } from './postgres/averages.ts'
import { createDueJobs } from './postgres/due-jobs.ts'
import { createLeader } from './postgres/leader.ts'
import { fenceOf, type Lease, type Leases } from './postgres/leases.ts'
import { createReadLog, loadPlace, savePlace } from './postgres/log.ts'
import { inTransaction, type Fence } from './postgres/pool.ts'
import { createRecordReply } from './postgres/record.ts'
import { createTrimming } from './postgres/retention.ts'
import { createReadSweepSlice } from './postgres/sweep.ts'
import type { Bell } from './prices/bell.ts'
import type { Collect } from './prices/collect.ts'
import type { LogPlace, Touched } from './prices/log.ts'
import type { RecordReply } from './prices/quote.ts'
import type { Sources } from './providers/sources.ts'
import type { StorageWatch } from './storage-watch.ts'

/** What goes on by itself until the signal fires. */
export type Runner = { run(signal: AbortSignal): Promise<void> }

type Needs = {
  readonly config: Config
  readonly log: Logger
  /** Says once that the storage is away, however many ask it. */
  readonly storage: StorageWatch
  readonly clock: Clock
  readonly pool: pg.Pool
  readonly leases: Leases
  readonly sources: Sources
  readonly collectBy: (record: RecordReply) => Collect
  /** Rings when this process stored prices. */
  readonly news: Bell
  /** Rings when this process made or changed a polling job. */
  readonly jobNews: Bell
}

/**
 * What goes on by itself in a process of these roles. What only one process may do is done under a lease, and each
 * transaction of it ends with the lease's fence.
 */
export function createRunners(needs: Needs, roles: readonly Role[]): readonly Runner[] {
  const runners: Runner[] = []
  if (roles.includes('poller')) runners.push(leading(needs, 'poller', createPolling))
  if (roles.includes('consumer')) {
    runners.push(leading(needs, 'averages', createFollowing), leading(needs, 'upkeep', createUpkeep))
  }
  return runners
}

type CreateLed = (needs: Needs, fence: Fence) => Runner

function leading(needs: Needs, name: string, create: CreateLed): Runner {
  const work = (lease: Lease, signal: AbortSignal) => create(needs, fenceOf(lease)).run(signal)
  return createLeader({
    ...needs,
    name,
    work,
    log: { info: (...words) => needs.log.info(...words), ...needs.storage.log },
  })
}

function createPolling({ pool, sources, collectBy, clock, storage, jobNews }: Needs, fence: Fence): Runner {
  const poller = createPoller({
    jobs: storage.reads(createDueJobs(pool, fence)),
    collect: collectBy(createRecordReply(pool, fence)),
    maxBatchOf: (provider) => sources.get(provider).maxBatch,
    clock,
    random: Math.random,
    log: storage.log,
  })
  return {
    run: async (signal) => {
      const stopWaking = jobNews.onRing(poller.wake)
      await poller.run(signal).finally(stopWaking)
    },
  }
}

/** Without Kafka nobody tells what is new: one process follows the log itself. */
function createFollowing(needs: Needs, fence: Fence): Runner {
  const { config, pool, clock, news } = needs
  return createAveraging({
    ...placesOf(pool, fence),
    readLog: createReadLog(pool),
    recompute: createRecompute(pool, config.MA_WINDOWS, fence),
    waitForPrices: news.wait,
    clock,
    onError: telling(needs, 'averages'),
  })
}

function createUpkeep(needs: Needs, fence: Fence): Runner {
  const { config, pool, clock } = needs
  const sweeping = createSweeping({
    ...placesOf(pool, fence),
    windows: config.MA_WINDOWS,
    readSlice: createReadSweepSlice(pool),
    recompute: (touched: readonly Touched[], window) => createRecompute(pool, [window], fence)(touched),
    clock,
    onError: telling(needs, 'sweep'),
  })
  const retention = {
    pricesDays: config.RETENTION_PRICES_DAYS,
    simulatedDays: config.RETENTION_SIMULATED_DAYS,
    runsDays: config.RETENTION_RUNS_DAYS,
  }
  const trimming = createTrimming({ pool, retention, clock, onError: telling(needs, 'retention') })
  return { run: async (signal) => void (await Promise.all([sweeping.run(signal), trimming.run(signal)])) }
}

/** How far a reader of the log has come. */
function placesOf(pool: pg.Pool, fence: Fence) {
  return {
    loadPlace: (reader: string) => loadPlace(pool, reader),
    savePlace: (reader: string, place: LogPlace) =>
      inTransaction(pool, (client) => savePlace(client, reader, place), fence),
  }
}

function telling({ storage }: Needs, room: string) {
  return (error: unknown) => storage.log.warn({ err: error, room }, 'failed, and will be tried again')
}
