import { createAveraging } from '../../core/averages/follow.ts'
import { retryUntilDone } from '../../lib/retry.ts'
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
import { createReadAffected } from '../../postgres/log/log.ts'
import { createStoreReply } from '../../postgres/ingest/store-reply.ts'
import { createTrimming } from '../../postgres/log/retention.ts'
import { createReadSweepSlice } from '../../postgres/averages/sweep.ts'
import type { Fence } from '../../postgres/connection/transaction.ts'
import type { Affected } from '../../core/log/log.ts'
import { retentionOf, checkpointsOf, logRetry, type Worker, type WorkerNeeds } from './worker.ts'

export type Workers = Worker & {
  /** How far the partitions are read that this process has; none where it does not consume. */
  consumerLag(): ReturnType<PriceConsumer['lag']>
}

/**
 * What goes on by itself in a process of these roles. What only one process may do is done under a lease, and each
 * transaction of it ends with the lease's fence.
 */
export async function createWorkers(needs: WorkerNeeds, roles: readonly Role[]): Promise<Workers> {
  const { config } = needs
  const workers: Worker[] = []
  if (roles.includes('poller')) workers.push(leading(needs, 'poller', (fence) => createPolling(needs, fence)))
  const consumer = needs.kafka && (await addKafka(workers, { ...needs, kafka: needs.kafka }, roles))
  if (roles.includes('consumer')) {
    // Processes may have windows of their own. Where two sets overlap some work is done twice, and nothing wrong.
    const windows = config.MA_WINDOWS.toSorted((a, b) => a - b)
    workers.push(leading(needs, `averages:${windows.join()}`, (fence) => createAverages(needs, fence, windows)))
    workers.push(leading(needs, 'retention', (fence) => createRetention(needs, fence)))
  }
  return {
    run: async (signal) => void (await Promise.all(workers.map((worker) => worker.run(signal)))),
    consumerLag: () => consumer?.lag() ?? [],
  }
}

/** Adds what speaks to Kafka; the consumer comes back, where this process has that role. */
async function addKafka(workers: Worker[], needs: WorkerNeeds & { readonly kafka: Kafka }, roles: readonly Role[]) {
  const { createRelayWorker, createDeadLetterWorker, createConsumerWorker } = await import('./kafka-workers.ts')
  if (roles.includes('relay')) workers.push(leading(needs, 'relay', (fence) => createRelayWorker(needs, fence)))
  if (!roles.includes('consumer')) return undefined
  const consumer = createConsumerWorker(needs)
  workers.push(consumer, createDeadLetterWorker(needs))
  return consumer
}

function leading(needs: WorkerNeeds, name: string, create: (fence: Fence) => Worker): Worker {
  const work = (lease: Lease, signal: AbortSignal) => create(fenceOf(lease)).run(signal)
  return createLeader({
    ...needs,
    name,
    work,
    log: { info: (...words) => needs.log.info(...words), ...needs.storage.log },
  })
}

function createPolling(needs: WorkerNeeds, fence: Fence): Worker {
  const { pool, sources, ingestInto, clock, storage, jobsChanged } = needs
  const poller = createPoller({
    jobs: createDueJobs(pool, fence),
    ingest: ingestInto(createStoreReply(pool, fence)),
    maxBatchOf: (provider) => sources.get(provider).maxBatch,
    clock,
    random: Math.random,
    log: storage.log,
  })
  return {
    run: async (signal) => {
      await retryUntilDone({ clock, onError: logRetry(needs, 'poller') }, signal, () => reclaimJobs(pool, fence))
      const stopWaking = jobsChanged.subscribe(poller.wake)
      await poller.run(signal).finally(stopWaking)
    },
  }
}

/** Heals what was lost. Where no Kafka tells what is new, the same process follows the log. */
function createAverages(needs: WorkerNeeds, fence: Fence, windows: readonly number[]): Worker {
  const { pool, clock, pricesStored, kafka } = needs
  const shared = {
    ...checkpointsOf(pool, fence),
    recompute: (affected: readonly Affected[], size: number) => createRecompute(pool, [size], fence)(affected),
    windows,
    clock,
  }
  const onError = logRetry(needs, 'sweep')
  const sweeping = createSweeping({ ...shared, hasFollower: !kafka, readSlice: createReadSweepSlice(pool), onError })
  if (kafka) return sweeping
  const following = createAveraging({
    ...shared,
    readLog: createReadAffected(pool),
    waitForPrices: pricesStored.wait,
    onError: logRetry(needs, 'averages'),
  })
  return { run: async (signal) => void (await Promise.all([following.run(signal), sweeping.run(signal)])) }
}

function createRetention(needs: WorkerNeeds, fence: Fence): Worker {
  const { config, maintenance: pool, clock } = needs
  return createTrimming({ pool, fence, retention: retentionOf(config), clock, onError: logRetry(needs, 'retention') })
}
