import type { ServiceError } from '../errors.ts'
import type { Job, Run } from '../core/polling/job.ts'
import type { PastPrice } from '../core/prices/history.ts'
import type { LogEntry } from '../core/log/entry.ts'
import type { RecordResult } from '../core/prices/quote.ts'

// Members are named as in the HTTP interface; prices are JSON numbers, digit for digit.

export function jsonLine(body: object): string {
  return `${JSON.stringify(body)}\n`
}

export function resultBody(result: RecordResult): object {
  if ('error' in result) return { symbol: result.symbol, error: errorBody(result.error) }
  const { price, outcome } = result
  return {
    symbol: price.symbol,
    price: JSON.rawJSON(price.price),
    timestamp: price.eventTime,
    provider: price.provider,
    currency: price.currency,
    price_id: price.priceId,
    raw_response_id: price.rawResponseId,
    received_at: price.receivedAt,
    confirmed_at: price.confirmedAt,
    outcome,
  }
}

export function pastPriceBody(price: PastPrice): object {
  return {
    price_id: price.priceId,
    timestamp: price.eventTime,
    price: JSON.rawJSON(price.price),
    currency: price.currency,
    received_at: price.receivedAt,
    recorded_at: price.recordedAt,
    raw_response_id: price.rawResponseId,
    revision: price.revision,
    correction: price.correction,
  }
}

/** The members of an event of the HTTP stream. */
export function eventBody(entry: LogEntry): object {
  return {
    symbol: entry.symbol,
    price: JSON.rawJSON(entry.price),
    timestamp: entry.eventTime,
    provider: entry.provider,
    raw_response_id: entry.rawResponseId,
    price_id: entry.priceId,
  }
}

export function jobBody(job: Job): object {
  return {
    job_id: job.jobId,
    symbol: job.symbol,
    provider: job.provider,
    interval_seconds: job.intervalSeconds,
    status: job.status,
    next_run_at: job.nextRunAt,
    last_run: job.lastRun && runBody(job.lastRun),
    failures: job.failures,
    created_at: job.createdAt,
  }
}

function runBody(run: Run): object {
  return {
    started_at: run.startedAt,
    finished_at: run.finishedAt,
    outcome: run.outcome,
    ...(run.priceId !== null && { price_id: run.priceId }),
    ...(run.error && { error: run.error }),
  }
}

function errorBody({ code, message, retryable }: ServiceError): object {
  return { code, detail: message, retryable }
}
