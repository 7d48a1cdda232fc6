import type { Decimal } from './decimal.ts'

// What the service answers, as far as the page reads it; `/docs` has the whole of it.

export type Page<T> = { readonly data: readonly T[]; readonly next_cursor: string | null }

export type Problem = {
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** Who asks; the key's id is null where nobody needs one. */
export type Session = { readonly key_id: string | null; readonly scopes: readonly string[] }

export type MarketState = 'pre' | 'open' | 'post' | 'closed' | 'always' | 'unknown'
export type Freshness = 'fresh' | 'delayed' | 'stale' | 'closed' | 'unknown'

export type LatestPrice = {
  readonly symbol: string
  readonly provider: string
  readonly price: Decimal
  readonly timestamp: string
  readonly currency: string | null
  readonly price_id: string
  readonly age_ms: number
  readonly market_state: MarketState
  readonly delay_seconds: number | null
  readonly freshness: Freshness
  readonly previous_close?: Decimal
  readonly extended?: { readonly price: Decimal; readonly timestamp: string; readonly session: 'pre' | 'post' }
}

export type LatestEntry = LatestPrice | { readonly symbol: string; readonly error: Problem }

/** The data of an event of `/prices/stream`. */
export type PriceEvent = Pick<LatestPrice, 'symbol' | 'provider' | 'price' | 'timestamp' | 'price_id'>

export type PastPrice = { readonly timestamp: string; readonly price: Decimal }
export type Average = { readonly timestamp: string; readonly average: Decimal }

export type SymbolMatch = {
  readonly symbol: string
  readonly provider: string
  readonly name: string | null
  readonly exchange: string | null
  readonly kind: string | null
  readonly is_stored: boolean
}
export type SymbolMatches = Page<SymbolMatch> & { readonly provider_error?: Problem }

export type Job = {
  readonly job_id: string
  readonly symbol: string
  readonly provider: string
  readonly interval_seconds: number
  readonly status: 'active' | 'paused' | 'failing'
  readonly next_run_at: string | null
  readonly last_run: {
    readonly finished_at: string
    readonly outcome: 'recorded' | 'corrected' | 'confirmed' | 'outdated' | 'failed'
    readonly error?: { readonly code: string; readonly detail: string }
  } | null
  readonly failures: number
}

export type JobOrder = { readonly symbol: string; readonly provider: string; readonly interval_seconds: number }
export type Accepted = { readonly jobs: readonly Job[]; readonly warning?: string }

export type Provider = {
  readonly provider: string
  readonly description: string | null
  readonly is_default: boolean
  readonly can_search: boolean
  readonly advised_interval_seconds: number
}

export type ProviderHealth = {
  readonly provider: string
  readonly requests: number
  readonly failures: number
  readonly failures_in_a_row: number
  readonly last_success_at: string | null
  readonly last_error: { readonly code: string; readonly detail: string; readonly at: string } | null
  readonly jobs: number
  readonly failing_jobs: number
}

/** What is between log and averages is there only where Kafka is. */
export type Pipeline = {
  readonly log: {
    readonly lag_seconds: number
    readonly held_by: { readonly application: string; readonly pid: number | null; readonly for_seconds: number } | null
  }
  readonly relay?: {
    readonly leader: string | null
    readonly lag_rows: number
    readonly lag_seconds: number
    readonly is_late: boolean
  }
  readonly topic?: { readonly name: string; readonly away_since: string | null; readonly partitions: number | null }
  readonly consumers?: {
    readonly state: string | null
    readonly lag_messages: number | null
    readonly partitions: readonly { readonly partition: number; readonly lag_messages: number }[]
  }
  readonly averages: { readonly lag_seconds: number; readonly is_late: boolean }
}

export type Health = {
  readonly average_windows: readonly number[]
  readonly pipeline: Pipeline
  readonly providers: readonly ProviderHealth[]
}
