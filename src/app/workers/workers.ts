import { createAveraging } from '../../core/averages/follow.ts'
import { retryUntilDone } from '../../lib/retry.ts'
import { createSweeping } from '../../core/averages/sweep.ts'
import type { Role } from '../../core/cluster/roles.ts'
import type { PriceConsumer } from '../../kafka/consumer.ts'
import { createPoller } from '../../core/polling/poller.ts'
import { createRecompute } from '../../postgres/averages/recompute.ts'
import { createDueJobs, reclaimJobs } from '../../postgres/polling/due-jobs.ts'
import { createLeader } from '../../core/cluster/leader.ts'
import { fenceOf } from '../../postgres/cluster/leases.ts'
import { createReadInputsBefore } from '../../postgres/averages/inputs.ts'
import { createStoreAverages } from '../../postgres/averages/store.ts'
import { createReadPriceEntries } from '../../postgres/log/price-entries.ts'
import { createStoreReply } from '../../postgres/ingest/store-reply.ts'
import { createTrimming } from '../../postgres/log/retention.ts'
import { createReadSweepSlice } from '../../postgres/averages/sweep.ts'
import type { Fence } from '../../postgres/connection/transaction.ts'
import type { Affected } from '../../core/log/entry.ts'
import { retentionOf, checkpointsOf, logRetry, type Worker, type WorkerKafka, type WorkerNeeds } from './worker.ts'

export type Workers = Worker & {
  /** How far this process has read its partitions; none if it does not consume. */
  consumerLag(): ReturnType<PriceConsumer['lag']>
}

/**
 * The workers of a process with these roles. Work that only one process may do runs under a lease, and each of its
 * transactions ends with the lease's fence.
 */
export async function createWorkers(needs: WorkerNeeds, roles: readonly Role[]): Promise<Workers> {
  const { config, kafka } = needs
  const workers: Worker[] = []
  if (roles.includes('poller')) workers.push(underLease(needs, 'poller', (fence) => createPolling(needs, fence)))
  const consumer = kafka && (await addKafkaWorkers(workers, { needs, kafka }, roles))
  if (roles.includes('consumer')) {
    // Processes may have different windows. If two sets overlap, some work is done twice, and nothing goes wrong.
    const windows = config.MA_WINDOWS.toSorted((a, b) => a - b)
    workers.push(underLease(needs, `averages:${windows.join()}`, (fence) => createAverages(needs, fence, windows)))
    workers.push(underLease(needs, 'retention', (fence) => createRetention(needs, fence)))
  }
  return {
    run: async (signal) => void (await Promise.all(workers.map((worker) => worker.run(signal)))),
    consumerLag: () => consumer?.lag() ?? [],
  }
}

type KafkaPart = { readonly needs: WorkerNeeds; readonly kafka: WorkerKafka }

/** Adds the workers that use Kafka. @returns the consumer, if this process has that role */
async function addKafkaWorkers(workers: Worker[], { needs, kafka }: KafkaPart, roles: readonly Role[]) {
  const { createKafkaWorkers } = await import('./kafka-workers.ts')
  const { createRelayWorker, createDeadLetterWorker, createConsumer } = createKafkaWorkers(needs, kafka)
  if (roles.includes('relay')) workers.push(underLease(needs, 'relay', createRelayWorker))
  if (!roles.includes('consumer')) return undefined
  const consumer = createConsumer()
  workers.push(consumer, createDeadLetterWorker())
  return consumer
}

function underLease({ database, clock, log }: WorkerNeeds, name: string, create: (fence: Fence) => Worker): Worker {
  return createLeader({
    name,
    leases: database.leases,
    work: (lease, signal) => create(fenceOf(lease)).run(signal),
    clock,
    log: {
      debug: (details, message) => log.debug(details, message),
      info: (details, message) => log.info(details, message),
      warn: database.watch.log.warn,
    },
  })
}

function createPolling({ database, polling, clock, log }: WorkerNeeds, fence: Fence): Worker {
  const { pool, watch } = database
  const { providers, ingestInto, jobsChanged } = polling
  const poller = createPoller({
    jobs: createDueJobs(pool, fence),
    ingest: ingestInto(createStoreReply(pool, fence), 'job'),
    maxBatchOf: (provider) => providers.get(provider).maxBatch,
    clock,
    random: Math.random,
    log: { debug: (details, message) => log.debug(details, message), warn: watch.log.warn },
  })
  const onError = logRetry(database, 'poller')
  return {
    run: async (signal) => {
      await retryUntilDone({ clock, onError }, signal, () => reclaimJobs(pool, fence))
      const unsubscribe = jobsChanged.subscribe(poller.wake)
      await poller.run(signal).finally(unsubscribe)
    },
  }
}

/** Recomputes averages whose event was lost. Without Kafka the same process also follows the log. */
function createAverages(needs: WorkerNeeds, fence: Fence, windows: readonly number[]): Worker {
  const { database, clock, pricesStored, kafka } = needs
  const { pool } = database
  const { loadCheckpoint, saveCheckpoint } = checkpointsOf(pool, fence)
  const recompute = (affected: readonly Affected[], window: number) => createRecompute(pool, [window], fence)(affected)
  const shared = { windows, loadCheckpoint, saveCheckpoint, recompute, clock }
  const sweeping = createSweeping({
    ...shared,
    hasFollower: kafka === undefined,
    readSlice: createReadSweepSlice(pool),
    onError: logRetry(database, 'sweep'),
  })
  if (kafka !== undefined) return sweeping
  const following = createAveraging({
    ...shared,
    readLog: createReadPriceEntries(pool),
    readInputsBefore: createReadInputsBefore(pool),
    storeAverages: createStoreAverages(pool, fence),
    waitForPrices: pricesStored.wait,
    onError: logRetry(database, 'averages'),
  })
  return { run: async (signal) => void (await Promise.all([following.run(signal), sweeping.run(signal)])) }
}

function createRetention({ config, database, clock }: WorkerNeeds, fence: Fence): Worker {
  return createTrimming({
    pool: database.maintenance,
    fence,
    retention: retentionOf(config),
    clock,
    onError: logRetry(database, 'retention'),
  })
}
