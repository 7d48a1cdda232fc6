import { isDoneInTime } from '../../lib/deadline.ts'
import { millisOf } from '../../lib/instant.ts'
import { retryUntilDone } from '../../lib/retry.ts'
import { runBatch, type Batch, type BatchNeeds } from './batch.ts'
import type { Claim, FinishedRun } from './schedule.ts'

export type InFlightNeeds = BatchNeeds & {
  readonly jobs: {
    /** Stores runs and what follows from them for their jobs, all or nothing. */
    finish(runs: readonly FinishedRun[]): Promise<void>
    /** Returns jobs to their state before the claim, unless they have been rescheduled since. */
    release(claims: readonly Claim[]): Promise<void>
  }
  /** Limit of concurrent requests. One provider takes at most half of them, so one that hangs leaves capacity. */
  readonly concurrency?: number | undefined
  /** Called when a request has ended. */
  readonly onCapacity: () => void
}

export type InFlight = {
  hasCapacity(provider: string): boolean
  /** The jobs that are running. */
  jobIds(): string[]
  /** Runs a batch and stores its runs. Never throws: failures are logged. */
  start(batch: Batch): void
  /** Resolves within a few seconds: what has not ended by then is interrupted and released. */
  finish(): Promise<void>
}

const STORAGE_PAUSE_MS = 1_000
/** After these the runs of a batch stay unrecorded. Their jobs continue. */
const STORAGE_TRIES = 60
const GRACE_MS = 2_000

/** The requests that are in flight, up to a limit. */
export function createInFlight(needs: InFlightNeeds): InFlight {
  const { jobs, clock, log, onCapacity, concurrency = 8 } = needs
  const inFlight = new Map<Batch, Promise<void>>()
  const interruption = new AbortController()

  async function runAndStore(batch: Batch): Promise<void> {
    const runs = await runBatch(needs, batch, interruption.signal)
    logRuns(needs, batch, runs ?? [])
    await (runs === undefined ? jobs.release(batch.claims) : storeRuns(needs, runs, interruption.signal))
  }

  const endWithin = (ms: number) =>
    isDoneInTime(Promise.all(inFlight.values()), { ms, what: 'requests in flight', clock })

  return {
    hasCapacity: (provider) => {
      const ofProvider = [...inFlight.keys()].filter((batch) => batch.provider === provider)
      return inFlight.size < concurrency && ofProvider.length < Math.ceil(concurrency / 2)
    },
    jobIds: () => [...inFlight.keys()].flatMap(({ claims }) => claims.map((claim) => claim.jobId)),
    start: (batch) => {
      const onLoss = (error: unknown) => log.warn({ err: error, provider: batch.provider }, 'runs were not recorded')
      const onEnd = () => {
        inFlight.delete(batch)
        onCapacity()
      }
      inFlight.set(batch, runAndStore(batch).catch(onLoss).then(onEnd))
    },
    finish: async () => {
      await endWithin(GRACE_MS)
      interruption.abort()
      await endWithin(STORAGE_PAUSE_MS)
    },
  }
}

/** One line for each run, for people who look why a job does what it does. */
function logRuns({ log }: InFlightNeeds, { provider, claims }: Batch, runs: readonly FinishedRun[]): void {
  const symbols = new Map(claims.map(({ jobId, symbol }) => [jobId, symbol]))
  for (const { jobId, outcome, error, startedAt, finishedAt } of runs) {
    const ms = millisOf(finishedAt) - millisOf(startedAt)
    const details = { provider, symbol: symbols.get(jobId), job: jobId, outcome, ms }
    log.debug(error === null ? details : { ...details, error: error.code }, 'polled')
  }
}

/** @throws when the storage refuses for a minute, or is interrupted */
async function storeRuns(
  { jobs, clock, log }: InFlightNeeds,
  runs: readonly FinishedRun[],
  signal: AbortSignal,
): Promise<void> {
  const retry = {
    clock,
    firstWaitMs: STORAGE_PAUSE_MS,
    longestWaitMs: STORAGE_PAUSE_MS,
    maxTries: STORAGE_TRIES,
    onError: (error: unknown, attempt: number) =>
      log.warn({ err: error, attempt }, 'runs cannot be recorded now, retrying'),
  }
  const isStored = await retryUntilDone(retry, signal, async () => {
    await jobs.finish(runs)
    return true
  })
  if (!isStored) throw new Error('interrupted before the runs were recorded')
}
