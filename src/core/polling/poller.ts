import { instantFromMillis, millisOf, type Instant } from '../../lib/instant.ts'
import { claimJob, type Claim, type DueJob } from './schedule.ts'
import { createInFlight, type InFlight, type InFlightNeeds } from './in-flight.ts'

/** The jobs that wait. `except` names those that are running: so a job never overlaps with itself. */
export type DueJobs = {
  /**
   * Makes jobs due now whose plan lies further ahead than their interval, or than the wait after their last failure: it was
   * made while a clock was ahead.
   */
  pullForward(now: Instant): Promise<void>
  /** Each provider that has a job due by then, with the time of its first. */
  upcoming(until: Instant, except: readonly string[]): Promise<readonly { provider: string; dueAt: Instant }[]>
  /** Earliest first. */
  due(query: DueQuery): Promise<readonly DueJob[]>
  /** Moves jobs to their next time and returns those that are ours now: none that was changed, or claimed by another. */
  claim(claims: readonly Claim[]): Promise<readonly Claim[]>
}

type DueQuery = {
  readonly provider: string
  readonly until: Instant
  readonly except: readonly string[]
  readonly limit: number
}

export type Poller = {
  /** Polls until the signal fires, then waits a few seconds for requests in flight and releases the rest. */
  run(signal: AbortSignal): Promise<void>
  /** Checks the jobs at once, because one was created or changed. */
  wake(): void
}

type Needs = Omit<InFlightNeeds, 'onCapacity' | 'jobs'> & {
  readonly jobs: DueJobs & InFlightNeeds['jobs']
  /** How many symbols one request to the provider may carry. May throw for a provider that no longer exists. */
  readonly maxBatchOf: (provider: string) => number
}

/** A job due this soon after another one of its provider joins the same request. */
const GATHER_MS = 25
/** Jobs that another process created or changed are noticed within this time. */
const POLL_MS = 1_000
/** A clock may be set back at any time, and another process may have stored what a wrong clock said. */
const PULL_FORWARD_EVERY_MS = 1_000

/**
 * Runs jobs on time, those of one provider and moment in one request. A claim moves a job to its next time before it runs,
 * so several processes never run the same time twice, and all missed times become one run.
 */
export function createPoller(needs: Needs): Poller {
  const { jobs, clock, log } = needs
  let alarm = new AbortController()
  const wake = () => alarm.abort()
  const inFlight = createInFlight({ ...needs, onCapacity: wake })
  let pulledForwardAt = Number.NEGATIVE_INFINITY

  async function pullForward(): Promise<void> {
    if (clock.monotonic() - pulledForwardAt < PULL_FORWARD_EVERY_MS) return
    pulledForwardAt = clock.monotonic()
    await jobs.pullForward(instantFromMillis(clock.now()))
  }

  /** Starts what is due. @returns milliseconds until something else is */
  async function startDue(signal: AbortSignal): Promise<number> {
    await pullForward()
    const until = instantFromMillis(clock.now() + POLL_MS)
    let pauseMs = POLL_MS
    for (const { provider, dueAt } of await jobs.upcoming(until, inFlight.jobIds())) {
      // Without capacity there is nothing to wait for but capacity, and that wakes us.
      if (!inFlight.hasCapacity(provider)) continue
      const waitMs = millisOf(dueAt) - clock.now()
      if (waitMs > 0) pauseMs = Math.min(pauseMs, waitMs)
      else if (await startProvider({ needs, inFlight }, provider, signal)) pauseMs = 0
    }
    return pauseMs
  }

  return {
    wake,
    run: async (signal) => {
      signal.addEventListener('abort', wake, { once: true })
      while (!signal.aborted) {
        alarm = new AbortController()
        const pauseMs = await startDue(signal).catch((error: unknown) => {
          log.warn({ err: error }, 'jobs cannot be read now, retrying')
          return POLL_MS
        })
        await clock.sleep(pauseMs, alarm.signal)
      }
      await inFlight.finish()
    },
  }
}

type Work = { readonly needs: Needs; readonly inFlight: InFlight }

/** Starts a provider's due jobs, batch by batch. @returns whether it started any */
async function startProvider({ needs, inFlight }: Work, provider: string, signal: AbortSignal): Promise<boolean> {
  const limit = batchLimit(needs, provider)
  let hasStarted = false
  while (!signal.aborted && inFlight.hasCapacity(provider)) {
    const claims = await claimDue({ needs, inFlight }, provider, limit)
    if (claims.length === 0) break
    inFlight.start({ provider, claims })
    hasStarted = true
  }
  return hasStarted
}

async function claimDue({ needs, inFlight }: Work, provider: string, limit: number): Promise<readonly Claim[]> {
  const { jobs, clock } = needs
  const until = instantFromMillis(clock.now() + GATHER_MS)
  const due = await jobs.due({ provider, until, except: inFlight.jobIds(), limit })
  return jobs.claim(due.map((job) => claimJob(job, clock.now())))
}

/** Jobs of a provider that no longer exists run too: so each of them shows what is wrong. */
function batchLimit({ maxBatchOf }: Needs, provider: string): number {
  try {
    return maxBatchOf(provider)
  } catch {
    return 1
  }
}
