// Generated from the OpenAPI document by `npm run docs`; do not edit. /docs describes each member.
import type { Decimal } from '../../src/lib/decimal.ts'

/** The members that are exact decimals: numbers in JSON, of which the page keeps the text. */
export const DECIMALS = ['average', 'change', 'change_percent', 'previous_close', 'price'] as const

export type Price = {
  readonly symbol: string
  readonly price: Decimal
  readonly timestamp: string
  readonly provider: string
  readonly currency: string | null
  readonly price_id: string
  readonly raw_response_id: string
  readonly received_at: string
  readonly confirmed_at: string
  readonly age_ms: number
  readonly market_state: 'pre' | 'open' | 'post' | 'closed' | 'always' | 'unknown'
  readonly delay_seconds: number | null
  readonly freshness: 'fresh' | 'delayed' | 'stale' | 'closed' | 'unknown'
  readonly provider_symbol: string
  readonly name?: string
  readonly previous_close?: Decimal
  readonly change?: Decimal
  readonly change_percent?: Decimal
  readonly extended?: { readonly price: Decimal; readonly timestamp: string; readonly session: 'pre' | 'post' }
  readonly unit?: { readonly major: string; readonly per_major: number }
}

export type PriceProblem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly request_id: string
  readonly retryable: boolean
  readonly provider?: string
  readonly symbol?: string
  readonly retry_after?: number
  readonly raw_response_id?: string
  readonly others?: readonly string[]
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
  readonly last_known?: Price
}

export type Unpriced = { readonly symbol: string; readonly error: PriceProblem }

export type Prices = { readonly data: readonly (Price | Unpriced)[] }

export type HistoryPrice = {
  readonly price_id: string
  readonly timestamp: string
  readonly price: Decimal
  readonly currency: string | null
  readonly received_at: string
  readonly recorded_at: string
  readonly raw_response_id: string
  readonly revision: number
  readonly correction: boolean
}

export type History = {
  readonly data: readonly HistoryPrice[]
  readonly next_cursor: string | null
  readonly next_url: string | null
  readonly others?: readonly string[]
}

export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: string
  readonly request_id: string
  readonly retryable: boolean
  readonly provider?: string
  readonly symbol?: string
  readonly retry_after?: number
  readonly raw_response_id?: string
  readonly others?: readonly string[]
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

export type RawResponse = {
  readonly raw_response_id: string
  readonly provider: string
  readonly symbols: readonly string[]
  readonly request: string
  readonly status: number
  readonly sha256: string
  readonly parser_version: number
  readonly received_at: string
  readonly refused: readonly { readonly symbol: string; readonly code: string; readonly detail: string }[]
  readonly body_url: string
}

export type Lineage = {
  readonly symbol: string
  readonly provider: string
  readonly price: HistoryPrice
  readonly revisions: readonly HistoryPrice[]
  readonly raw_response: RawResponse | null
  readonly averages: readonly { readonly window: number; readonly timestamp: string; readonly average: Decimal }[]
}

export type Provider = {
  readonly provider: string
  readonly description: string | null
  readonly is_default: boolean
  readonly status: 'ok' | 'failing' | null
  readonly can_be_polled: boolean
  readonly can_search: boolean
  readonly capabilities: {
    readonly quotes: boolean
    readonly bars: boolean
    readonly stream: boolean
    readonly search: boolean
  }
  readonly max_batch: number
  readonly advised_interval_seconds: number
  readonly parser_version: number
  readonly requests: {
    readonly today: { readonly question: number; readonly job: number; readonly rate_limited: number }
    readonly hours: readonly {
      readonly hour: string
      readonly question: number
      readonly job: number
      readonly rate_limited: number
    }[]
  }
}

export type Providers = {
  readonly data: readonly Provider[]
  readonly next_cursor: string | null
  readonly next_url: string | null
}

export type Symbol = {
  readonly symbol: string
  readonly provider: string
  readonly provider_symbol: string
  readonly name: string | null
  readonly exchange: string | null
  readonly currency: string | null
  readonly type: string | null
  readonly kind: string | null
  readonly is_stored: boolean
  readonly last_price_at: string | null
}

export type Symbols = {
  readonly data: readonly Symbol[]
  readonly next_cursor: string | null
  readonly next_url: string | null
  readonly provider_error?: Problem
}

export type Run = {
  readonly started_at: string
  readonly finished_at: string
  readonly outcome: 'recorded' | 'corrected' | 'confirmed' | 'outdated' | 'failed'
  readonly price_id?: string
  readonly error?: { readonly code: string; readonly detail: string }
}

export type Job = {
  readonly job_id: string
  readonly symbol: string
  readonly provider: string
  readonly interval_seconds: number
  readonly market_hours: 'regular' | 'extended' | 'always'
  readonly status: 'active' | 'paused' | 'failing'
  readonly paused_reason: string | null
  readonly next_run_at: string | null
  readonly last_run: Run | null
  readonly failures: number
  readonly created_at: string
}

export type RefusedSymbol = {
  readonly symbol: string
  readonly code: string
  readonly detail: string
  readonly suggestions: readonly {
    readonly symbol: string
    readonly name: string | null
    readonly exchange: string | null
    readonly type: string | null
  }[]
}

export type AcceptedJob = {
  readonly message: string
  readonly job_id: string
  readonly status: 'accepted'
  readonly config: { readonly symbols: readonly string[]; readonly interval: number }
  readonly jobs: readonly Job[]
  readonly warning?: string
  readonly replaced?: readonly string[]
  readonly errors?: readonly RefusedSymbol[]
}

export type AcceptedJobs = {
  readonly message: string
  readonly job_ids: readonly string[]
  readonly status: 'accepted'
  readonly config: { readonly symbols: readonly string[]; readonly interval: number }
  readonly jobs: readonly Job[]
  readonly warning?: string
  readonly replaced?: readonly string[]
  readonly errors?: readonly RefusedSymbol[]
}

export type Jobs = {
  readonly data: readonly Job[]
  readonly next_cursor: string | null
  readonly next_url: string | null
}

export type Runs = {
  readonly data: readonly Run[]
  readonly next_cursor: string | null
  readonly next_url: string | null
}

export type MovingAverage = {
  readonly timestamp: string
  readonly average: Decimal
  readonly window: number
  readonly currency: string | null
  readonly computed_at: string
  readonly inputs?: readonly { readonly price_id: string; readonly timestamp: string; readonly price: Decimal }[]
}

export type MovingAverages = {
  readonly data: readonly MovingAverage[]
  readonly next_cursor: string | null
  readonly next_url: string | null
  readonly others?: readonly string[]
}

export type Session = { readonly key_id: string | null; readonly scopes: readonly ('read' | 'write' | 'admin')[] }

export type Pipeline = {
  readonly log: {
    readonly end: string
    readonly lag_seconds: number
    readonly held_by: { readonly application: string; readonly pid: number | null; readonly for_seconds: number } | null
  }
  readonly relay?: {
    readonly leader: string | null
    readonly lag_rows: number
    readonly lag_seconds: number
    readonly is_late: boolean
  }
  readonly topic?: {
    readonly name: string
    readonly away_since: string | null
    readonly partitions: number | null
    readonly messages: number | null
  }
  readonly consumers?: {
    readonly group: string
    readonly state: string | null
    readonly lag_messages: number | null
    readonly partitions: readonly { readonly partition: number; readonly lag_messages: number }[]
  }
  readonly averages: { readonly lag_seconds: number; readonly is_late: boolean }
}

export type ProviderHealth = {
  readonly provider: string
  readonly status: 'ok' | 'failing'
  readonly requests: number
  readonly failures: number
  readonly failures_in_a_row: number
  readonly last_success_at: string | null
  readonly last_error: { readonly code: string; readonly detail: string; readonly at: string } | null
  readonly newest: {
    readonly symbol: string
    readonly timestamp: string
    readonly age_ms: number
    readonly market_state: string
    readonly freshness: string
  } | null
  readonly series: number
  readonly jobs: number
  readonly failing_jobs: number
}

export type Health = {
  readonly status: 'ok' | 'degraded'
  readonly uptime_seconds: number
  readonly database_bytes: number
  readonly stored_times_ahead_seconds: number
  readonly average_windows: readonly number[]
  readonly averages_lag_seconds: number
  readonly pipeline: Pipeline
  readonly leases: readonly {
    readonly name: string
    readonly holder: string
    readonly epoch: number
    readonly is_held: boolean
  }[]
  readonly providers: readonly ProviderHealth[]
}
