import { instantFromMillis, millisOf, type Instant } from '../../lib/instant.ts'
import { claimJob, type Claim, type DueJob } from './schedule.ts'
import { createInFlight, type WorkNeeds } from './in-flight.ts'

/** The jobs that wait. `except` names those that are running: so a job never overlaps with itself. */
export type DueJobs = {
  /** Each provider that has a job due until then, with the time of its first. */
  upcoming(until: Instant, except: readonly string[]): Promise<readonly { provider: string; dueAt: Instant }[]>
  /** The first ones first. */
  due(query: DueQuery): Promise<readonly DueJob[]>
  /** Moves jobs to their next time and gives back those that are ours now: not what was changed, or claimed by another. */
  claim(claims: readonly Claim[]): Promise<readonly Claim[]>
}

type DueQuery = {
  readonly provider: string
  readonly until: Instant
  readonly except: readonly string[]
  readonly limit: number
}

export type Poller = {
  /** Polls until the signal fires, then waits a few seconds for the work in hand and gives back what is not done. */
  run(signal: AbortSignal): Promise<void>
  /** Looks at the jobs at once: one was made or changed. */
  wake(): void
}

type Needs = Omit<WorkNeeds, 'onCapacity' | 'jobs'> & {
  readonly jobs: DueJobs & WorkNeeds['jobs']
  /** How many symbols one request to the provider may carry. May throw for a provider that is no longer there. */
  readonly maxBatchOf: (provider: string) => number
}

/** A job that is due so soon after another of its provider goes along with it. */
const GATHER_MS = 25
/** What another process made or changed is seen within this time. */
const LOOK_EVERY_MS = 1_000

/**
 * Runs jobs on time, those of one provider and moment in one request. A claim moves a job to its next time before it runs,
 * so several processes never run the same time twice, and what was missed becomes one run.
 */
export function createPoller(needs: Needs): Poller {
  const { jobs, clock, log } = needs
  let alarm = new AbortController()
  const wake = () => alarm.abort()
  const work = createInFlight({ ...needs, onCapacity: wake })

  /** Starts what is due, and gives back for how long nothing else is. */
  async function startDue(signal: AbortSignal): Promise<number> {
    const horizon = instantFromMillis(clock.now() + LOOK_EVERY_MS)
    let pauseMs = LOOK_EVERY_MS
    for (const { provider, dueAt } of await jobs.upcoming(horizon, work.jobIds())) {
      // Without room there is nothing to wait for but room, and that wakes us.
      if (!work.hasCapacity(provider)) continue
      const waitMs = millisOf(dueAt) - clock.now()
      if (waitMs > 0) pauseMs = Math.min(pauseMs, waitMs)
      else if (await startProvider(provider, signal)) pauseMs = 0
    }
    return pauseMs
  }

  async function startProvider(provider: string, signal: AbortSignal): Promise<boolean> {
    const limit = batchLimit(needs, provider)
    for (let started = false; ; started = true) {
      if (signal.aborted || !work.hasCapacity(provider)) return started
      const until = instantFromMillis(clock.now() + GATHER_MS)
      const due = await jobs.due({ provider, until, except: work.jobIds(), limit })
      const claims = await jobs.claim(due.map((job) => claimJob(job, clock.now())))
      if (claims.length === 0) return started
      work.start({ provider, claims })
    }
  }

  return {
    wake,
    run: async (signal) => {
      signal.addEventListener('abort', wake, { once: true })
      while (!signal.aborted) {
        alarm = new AbortController()
        const pauseMs = await startDue(signal).catch((error: unknown) => {
          log.warn({ err: error }, 'jobs cannot be read now')
          return LOOK_EVERY_MS
        })
        await clock.sleep(pauseMs, alarm.signal)
      }
      await work.finish()
    },
  }
}

/** The jobs of a provider that is no longer there are asked for too: so each of them shows what is wrong. */
function batchLimit({ maxBatchOf }: Needs, provider: string): number {
  try {
    return maxBatchOf(provider)
  } catch {
    return 1
  }
}
