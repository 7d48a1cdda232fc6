import type { Clock } from '../../lib/clock.ts'
import type { ErrorCode, ServiceError } from '../../errors.ts'
import { instantFromMillis, millisOf, type Instant } from '../../lib/instant.ts'
import type { RequestCause } from './provider-requests.ts'
import type { ProviderStatus } from './status.ts'

/** How requests to a provider went since this process started. */
export type ProviderRecord = {
  readonly requests: number
  readonly failures: number
  /** Since the last success. */
  readonly failuresInARow: number
  readonly lastSuccessAt: Instant | null
  readonly lastError: { readonly code: ErrorCode; readonly detail: string; readonly at: Instant } | null
}

/** One request to a provider, once it is over. */
export type Observation = {
  readonly provider: string
  readonly cause: RequestCause
  /** `ok`, or the code of the error. */
  readonly outcome: ErrorCode | 'ok'
  /** False if this process held the request back, so that the provider did not receive it. */
  readonly wasSent: boolean
  readonly ms: number
}

/** To be called once for each request to a provider, with its duration; no error means a usable response. */
type Observe = (provider: string, ms: number, error?: ServiceError) => void

export type ProviderStats = {
  /** For requests that a caller's question caused. */
  readonly observe: Observe
  /** For requests of this cause. */
  observeFor(cause: RequestCause): Observe
  of(provider: string): ProviderRecord
  /** Calls the listener at each observation, for counters. */
  onObserve(listener: (observation: Observation) => void): void
}

const NOTHING: ProviderRecord = { requests: 0, failures: 0, failuresInARow: 0, lastSuccessAt: null, lastError: null }

export function createProviderStats(clock: Clock): ProviderStats {
  const records = new Map<string, ProviderRecord>()
  const listeners: ((observation: Observation) => void)[] = []
  const of = (provider: string) => records.get(provider) ?? NOTHING
  const observeFor =
    (cause: RequestCause): Observe =>
    (provider, ms, error) => {
      records.set(provider, withRequest(of(provider), error, instantFromMillis(clock.now())))
      const wasSent = error?.details.wasHeldBack !== true
      for (const listener of listeners) listener({ provider, cause, outcome: error?.code ?? 'ok', wasSent, ms })
    }
  return { observe: observeFor('question'), observeFor, of, onObserve: (listener) => void listeners.push(listener) }
}

/** A failure that no job depends on matters to the caller who saw it, and to others only for this time. */
const RECENT_MS = 10 * 60_000

/**
 * Whether a provider's failures matter to anyone now: it failed within the last ten minutes, it has not succeeded since it
 * failed and active jobs depend on it, or all its active jobs fail.
 */
export function isProviderFailing(
  record: Pick<ProviderRecord, 'failuresInARow' | 'lastError'>,
  { activeJobs, failingJobs }: Pick<ProviderStatus, 'activeJobs' | 'failingJobs'>,
  now: number,
): boolean {
  if (activeJobs > 0 && failingJobs === activeJobs) return true
  if (record.failuresInARow === 0) return false
  return activeJobs > 0 || (record.lastError !== null && now - millisOf(record.lastError.at) < RECENT_MS)
}

function withRequest(record: ProviderRecord, error: ServiceError | undefined, at: Instant): ProviderRecord {
  const requests = record.requests + 1
  if (error === undefined) return { ...record, requests, failuresInARow: 0, lastSuccessAt: at }
  return {
    ...record,
    requests,
    failures: record.failures + 1,
    failuresInARow: record.failuresInARow + 1,
    lastError: { code: error.code, detail: error.message, at },
  }
}
