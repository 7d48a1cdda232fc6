import { runBatch, type Batch, type BatchNeeds } from './batch.ts'
import type { Claim, FinishedRun } from './schedule.ts'

export type WorkNeeds = BatchNeeds & {
  readonly jobs: {
    /** Keeps runs and what follows from them for their jobs, all or nothing. */
    finish(runs: readonly FinishedRun[]): Promise<void>
    /** Gives jobs back as they were before the claim, unless they are planned otherwise by now. */
    release(claims: readonly Claim[]): Promise<void>
  }
  /** The most requests at once. One provider takes at most half of them, so that one that hangs leaves room. */
  readonly concurrency?: number | undefined
  /** Called when a request is over. */
  readonly onCapacity: () => void
}

export type InFlight = {
  hasCapacity(provider: string): boolean
  /** The jobs that are running. */
  jobIds(): string[]
  /** Runs a batch and keeps what came of it. Never fails: what goes wrong is logged. */
  start(batch: Batch): void
  /** Resolves within a few seconds: what is not done by then is cut short and given back. */
  finish(): Promise<void>
}

const STORAGE_PAUSE_MS = 1_000
/** After these the runs of a batch stay unrecorded. Their jobs go on all the same. */
const STORAGE_ATTEMPTS = 60
const GRACE_MS = 2_000

/** The requests that are under way, in bounded number. */
export function createInFlight(needs: WorkNeeds): InFlight {
  const { jobs, clock, log, onCapacity, concurrency = 8 } = needs
  const inFlight = new Map<Batch, Promise<void>>()
  const cutShort = new AbortController()

  async function runAndKeep(batch: Batch): Promise<void> {
    const runs = await runBatch(needs, batch, cutShort.signal)
    if (runs === undefined) return jobs.release(batch.claims)
    await keep(runs)
  }

  async function keep(runs: readonly FinishedRun[], attempt = 1): Promise<void> {
    try {
      await jobs.finish(runs)
    } catch (error) {
      if (attempt === STORAGE_ATTEMPTS || cutShort.signal.aborted) throw error
      log.warn({ err: error, attempt }, 'runs cannot be recorded now')
      await clock.sleep(STORAGE_PAUSE_MS, cutShort.signal)
      await keep(runs, attempt + 1)
    }
  }

  async function doneWithin(ms: number): Promise<void> {
    const rest = new AbortController()
    await Promise.race([Promise.all(inFlight.values()), clock.sleep(ms, rest.signal)])
    rest.abort()
  }

  return {
    hasCapacity: (provider) => {
      const ofProvider = [...inFlight.keys()].filter((batch) => batch.provider === provider)
      return inFlight.size < concurrency && ofProvider.length < Math.ceil(concurrency / 2)
    },
    jobIds: () => [...inFlight.keys()].flatMap(({ claims }) => claims.map((claim) => claim.jobId)),
    start: (batch) => {
      const unrecorded = (error: unknown) => log.warn({ err: error, provider: batch.provider }, 'runs are not recorded')
      const leave = () => {
        inFlight.delete(batch)
        onCapacity()
      }
      inFlight.set(batch, runAndKeep(batch).catch(unrecorded).then(leave))
    },
    finish: async () => {
      await doneWithin(GRACE_MS)
      cutShort.abort()
      await doneWithin(STORAGE_PAUSE_MS)
    },
  }
}
