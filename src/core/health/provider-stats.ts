import type { Clock } from '../../lib/clock.ts'
import type { ErrorCode, ServiceError } from '../../errors.ts'
import { instantFromMillis, type Instant } from '../../lib/instant.ts'

/** How requests to a provider went since this process started. */
export type ProviderRecord = {
  readonly requests: number
  readonly failures: number
  /** Since the last success. */
  readonly failuresInARow: number
  readonly lastSuccessAt: Instant | null
  readonly lastError: { readonly code: ErrorCode; readonly detail: string; readonly at: Instant } | null
}

export type ProviderStats = {
  /** To be called once for each request to a provider, with its duration; no error means a usable response. */
  observe(provider: string, ms: number, error?: ServiceError): void
  of(provider: string): ProviderRecord
  /** Calls the listener at each observation, for counters. */
  onObserve(listener: (provider: string, outcome: string, ms: number) => void): void
}

const NOTHING: ProviderRecord = { requests: 0, failures: 0, failuresInARow: 0, lastSuccessAt: null, lastError: null }

export function createProviderStats(clock: Clock): ProviderStats {
  const records = new Map<string, ProviderRecord>()
  const listeners: ((provider: string, outcome: string, ms: number) => void)[] = []
  const of = (provider: string) => records.get(provider) ?? NOTHING
  return {
    observe: (provider, ms, error) => {
      records.set(provider, withRequest(of(provider), error, instantFromMillis(clock.now())))
      for (const listener of listeners) listener(provider, error?.code ?? 'ok', ms)
    },
    of,
    onObserve: (listener) => listeners.push(listener),
  }
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
