// Generated from the OpenAPI document by `npm run docs`; do not edit. /docs describes each member.
import type {
  AcceptedJob,
  AcceptedJobs,
  Health,
  History,
  Job,
  Jobs,
  Lineage,
  MovingAverages,
  Price,
  Prices,
  Providers,
  Runs,
  Session,
  Symbols,
} from './schemas.ts'

/** What each call of the page takes and answers, by method and path. */
export type Calls = {
  readonly 'GET /prices/latest': {
    readonly query: {
      readonly symbol?: string | undefined
      readonly symbols?: string | undefined
      readonly provider?: string | undefined
      readonly currency?: string | undefined
      readonly max_age?: number | undefined
      readonly stale_if_error?: boolean | undefined
    }
    readonly answer: Price | Prices
  }
  readonly 'GET /prices/history': {
    readonly query: {
      readonly symbol?: string | undefined
      readonly symbols?: string | undefined
      readonly provider?: string | undefined
      readonly currency?: string | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly order?: 'asc' | 'desc' | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
      readonly include?: 'superseded' | undefined
      readonly format?: 'json' | 'csv' | undefined
    }
    readonly answer: History
  }
  readonly 'GET /prices/{id}/lineage': {
    readonly path: { readonly id: string }
    readonly answer: Lineage
  }
  readonly 'GET /providers': {
    readonly answer: Providers
  }
  readonly 'GET /symbols': {
    readonly query: {
      readonly q?: string | undefined
      readonly provider?: string | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
    }
    readonly answer: Symbols
  }
  readonly 'POST /prices/poll': {
    readonly body: {
      readonly symbol?: string
      readonly symbols?: readonly string[]
      readonly interval_minutes?: number
      readonly interval_seconds?: number
      readonly provider?: string
      readonly market_hours?: 'regular' | 'extended' | 'always'
    }
    readonly answer: AcceptedJob | AcceptedJobs
  }
  readonly 'GET /prices/poll': {
    readonly query: {
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
      readonly q?: string | undefined
      readonly provider?: string | undefined
      readonly status?: 'active' | 'paused' | 'failing' | undefined
    }
    readonly answer: Jobs
  }
  readonly 'PATCH /prices/poll/{job_id}': {
    readonly path: { readonly job_id: string }
    readonly body: {
      readonly status?: 'active' | 'paused'
      readonly interval_seconds?: number
      readonly market_hours?: 'regular' | 'extended' | 'always'
    }
    readonly answer: Job
  }
  readonly 'DELETE /prices/poll/{job_id}': {
    readonly path: { readonly job_id: string }
    readonly answer: undefined
  }
  readonly 'GET /prices/poll/{job_id}/runs': {
    readonly path: { readonly job_id: string }
    readonly query: { readonly limit?: number | undefined; readonly cursor?: string | undefined }
    readonly answer: Runs
  }
  readonly 'POST /prices/poll/{job_id}/run': {
    readonly path: { readonly job_id: string }
    readonly answer: Job
  }
  readonly 'GET /moving-averages': {
    readonly query: {
      readonly symbol?: string | undefined
      readonly symbols?: string | undefined
      readonly provider?: string | undefined
      readonly currency?: string | undefined
      readonly window?: number | undefined
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly order?: 'asc' | 'desc' | undefined
      readonly limit?: number | undefined
      readonly cursor?: string | undefined
      readonly expand?: 'inputs' | undefined
      readonly format?: 'json' | 'csv' | undefined
    }
    readonly answer: MovingAverages
  }
  readonly 'GET /session': {
    readonly answer: Session
  }
  readonly 'POST /session': {
    readonly answer: Session
  }
  readonly 'DELETE /session': {
    readonly answer: undefined
  }
  readonly 'GET /health': {
    readonly answer: Health
  }
}
