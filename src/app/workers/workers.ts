import { createAveraging } from '../../core/averages/follow.ts'
import { untilDone } from '../../lib/retry.ts'
import { createSweeping } from '../../core/averages/sweep.ts'
import type { Role } from '../../core/cluster/roles.ts'
import type { Kafka } from '../kafka.ts'
import type { PriceConsumer } from '../../kafka/consumer.ts'
import { createPoller } from '../../core/polling/poller.ts'
import { createRecompute } from '../../postgres/averages/recompute.ts'
import { createDueJobs, reclaimJobs } from '../../postgres/polling/due-jobs.ts'
import { createLeader } from '../../core/cluster/leader.ts'
import type { Lease } from '../../core/cluster/lease.ts'
import { fenceOf } from '../../postgres/cluster/leases.ts'
import { createReadTouched } from '../../postgres/log/log.ts'
import { createRecordReply } from '../../postgres/ingest/record.ts'
import { createTrimming } from '../../postgres/log/retention.ts'
import { createReadSweepSlice } from '../../postgres/averages/sweep.ts'
import type { Fence } from '../../postgres/connection/transaction.ts'
import type { Touched } from '../../core/log/log.ts'
import { keptOf, placesOf, telling, type Runner, type RunnerNeeds } from './worker.ts'

export type Runners = Runner & {
  /** How far the partitions are read that this process has; none where it does not consume. */
  consumerLag(): ReturnType<PriceConsumer['lag']>
}

/**
 * What goes on by itself in a process of these roles. What only one process may do is done under a lease, and each
 * transaction of it ends with the lease's fence.
 */
export async function createRunners(needs: RunnerNeeds, roles: readonly Role[]): Promise<Runners> {
  const { config } = needs
  const runners: Runner[] = []
  if (roles.includes('poller')) runners.push(leading(needs, 'poller', (fence) => createPolling(needs, fence)))
  const consumer = needs.kafka && (await addKafka(runners, { ...needs, kafka: needs.kafka }, roles))
  if (roles.includes('consumer')) {
    // Processes may have windows of their own. Where two sets overlap some work is done twice, and nothing wrong.
    const windows = config.MA_WINDOWS.toSorted((a, b) => a - b)
    runners.push(leading(needs, `averages:${windows.join()}`, (fence) => createAverages(needs, fence, windows)))
    runners.push(leading(needs, 'retention', (fence) => createRetention(needs, fence)))
  }
  return {
    run: async (signal) => void (await Promise.all(runners.map((runner) => runner.run(signal)))),
    consumerLag: () => consumer?.lag() ?? [],
  }
}

/** Adds what speaks to Kafka; the consumer comes back, where this process has that role. */
async function addKafka(runners: Runner[], needs: RunnerNeeds & { readonly kafka: Kafka }, roles: readonly Role[]) {
  const { createAnnouncing, createBurying, createConsuming } = await import('./kafka-workers.ts')
  if (roles.includes('relay')) runners.push(leading(needs, 'relay', (fence) => createAnnouncing(needs, fence)))
  if (!roles.includes('consumer')) return undefined
  const consumer = createConsuming(needs)
  runners.push(consumer, createBurying(needs))
  return consumer
}

function leading(needs: RunnerNeeds, name: string, create: (fence: Fence) => Runner): Runner {
  const work = (lease: Lease, signal: AbortSignal) => create(fenceOf(lease)).run(signal)
  return createLeader({
    ...needs,
    name,
    work,
    log: { info: (...words) => needs.log.info(...words), ...needs.storage.log },
  })
}

function createPolling(needs: RunnerNeeds, fence: Fence): Runner {
  const { pool, sources, collectBy, clock, storage, jobNews } = needs
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
      await untilDone({ clock, onError: telling(needs, 'poller') }, signal, () => reclaimJobs(pool, fence))
      const stopWaking = jobNews.onRing(poller.wake)
      await poller.run(signal).finally(stopWaking)
    },
  }
}

/** Heals what was lost. Where no Kafka tells what is new, the same process follows the log. */
function createAverages(needs: RunnerNeeds, fence: Fence, windows: readonly number[]): Runner {
  const { pool, clock, news, kafka } = needs
  const shared = {
    ...placesOf(pool, fence),
    recompute: (touched: readonly Touched[], size: number) => createRecompute(pool, [size], fence)(touched),
    windows,
    clock,
  }
  const onError = telling(needs, 'sweep')
  const sweeping = createSweeping({ ...shared, hasFollower: !kafka, readSlice: createReadSweepSlice(pool), onError })
  if (kafka) return sweeping
  const following = createAveraging({
    ...shared,
    readLog: createReadTouched(pool),
    waitForPrices: news.wait,
    onError: telling(needs, 'averages'),
  })
  return { run: async (signal) => void (await Promise.all([following.run(signal), sweeping.run(signal)])) }
}

function createRetention(needs: RunnerNeeds, fence: Fence): Runner {
  const { config, upkeep: pool, clock } = needs
  return createTrimming({ pool, fence, retention: keptOf(config), clock, onError: telling(needs, 'retention') })
}
