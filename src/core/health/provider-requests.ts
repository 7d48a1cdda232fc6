import type { Clock } from '../../lib/clock.ts'
import { instantFromMillis, millisOf, type Instant } from '../../lib/instant.ts'
import type { ProviderStats } from './provider-stats.ts'

/** Why a provider was requested: a caller asked for something, or a polling job was due. */
export type RequestCause = 'question' | 'job'

/** Requests to a provider that were caused in one hour. */
export type HourCount = {
  readonly provider: string
  /** The start of the hour, UTC. */
  readonly hour: Instant
  readonly cause: RequestCause
  readonly requests: number
  /** Of these, answered with status 429. */
  readonly rateLimited: number
}

export type RequestCounts = {
  /** Of the last 24 hours, the current one included, by all processes; those of others up to a few seconds ago. */
  read(): Promise<readonly HourCount[]>
  /** Counts a request that is not observed otherwise. */
  count(provider: string, cause: RequestCause, isRateLimited: boolean): void
  /** Saves the counts every few seconds until the signal fires, and once more then. */
  run(signal: AbortSignal): Promise<void>
}

type Needs = {
  readonly providerStats: Pick<ProviderStats, 'onObserve'>
  readonly table: {
    /** Adds to the counts of all processes, all or nothing, and drops what is older than two days. */
    add(counts: readonly HourCount[]): Promise<void>
    /** Of these hours and later ones. */
    readSince(hour: Instant): Promise<readonly HourCount[]>
  }
  readonly clock: Clock
  readonly onError: (error: unknown) => void
}

const SAVE_EVERY_MS = 5_000
const HOUR_MS = 3_600_000
const HOURS_SHOWN = 24
/** A bound on memory while the storage is unavailable: two causes of ten providers in a day. */
const MAX_PENDING = 480

/** Counts the requests that were sent to each provider, by hour and cause. */
export function createRequestCounts({ providerStats, table, clock, onError }: Needs): RequestCounts {
  let pending = new Map<string, HourCount>()

  function add(counts: readonly HourCount[]): void {
    for (const one of counts) {
      const key = `${one.provider} ${one.hour} ${one.cause}`
      const known = pending.get(key)
      if (known) pending.set(key, sumOf(known, one))
      else if (pending.size < MAX_PENDING) pending.set(key, one)
    }
  }

  async function save(): Promise<void> {
    const counts = [...pending.values()]
    if (counts.length === 0) return
    pending = new Map()
    await table.add(counts).catch((error: unknown) => {
      add(counts)
      throw error
    })
  }

  const count: RequestCounts['count'] = (provider, cause, isRateLimited) =>
    add([{ provider, hour: hourOf(clock.now()), cause, requests: 1, rateLimited: Number(isRateLimited) }])
  providerStats.onObserve(({ provider, cause, outcome, wasSent }) => {
    if (wasSent) count(provider, cause, outcome === 'provider_rate_limited')
  })

  return {
    count,
    read: async () => {
      await save()
      return table.readSince(hourOf(clock.now() - (HOURS_SHOWN - 1) * HOUR_MS))
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(SAVE_EVERY_MS, signal)
        await save().catch(onError)
      }
    },
  }
}

function hourOf(ms: number): Instant {
  return instantFromMillis(ms - (ms % HOUR_MS))
}

function sumOf(a: HourCount, b: HourCount): HourCount {
  return { ...a, requests: a.requests + b.requests, rateLimited: a.rateLimited + b.rateLimited }
}

/** What people see of a provider's requests; an hour without any is left out. */
export type RequestSummary = {
  /** Since midnight, UTC. */
  readonly today: CauseCounts
  /** Oldest first. */
  readonly hours: readonly (CauseCounts & { readonly hour: Instant })[]
}

type CauseCounts = { readonly question: number; readonly job: number; readonly rateLimited: number }

/** @param now milliseconds since 1970 */
export function summarizeRequests(counts: readonly HourCount[], provider: string, now: number): RequestSummary {
  // A later hour was counted while a clock was ahead.
  const ofProvider = counts.filter((one) => one.provider === provider && millisOf(one.hour) <= now)
  const byHour = Map.groupBy(ofProvider, ({ hour }) => millisOf(hour))
  const midnight = now - (now % 86_400_000)
  return {
    today: causesOf(ofProvider.filter(({ hour }) => millisOf(hour) >= midnight)),
    hours: [...byHour]
      .toSorted(([a], [b]) => a - b)
      .map(([hour, of]) => withHour(instantFromMillis(hour), causesOf(of))),
  }
}

function withHour(hour: Instant, counts: CauseCounts) {
  return { hour, ...counts }
}

function causesOf(counts: readonly HourCount[]): CauseCounts {
  const sum = (of: readonly HourCount[], what: 'requests' | 'rateLimited') =>
    of.reduce((total, one) => total + one[what], 0)
  const ofCause = (cause: RequestCause) => counts.filter((one) => one.cause === cause)
  return {
    question: sum(ofCause('question'), 'requests'),
    job: sum(ofCause('job'), 'requests'),
    rateLimited: sum(counts, 'rateLimited'),
  }
}
