import { Type, type Static } from 'typebox'
import { freshnessOf } from '../../core/prices/freshness.ts'
import { isProviderFailing, type ProviderRecord } from '../../core/health/provider-stats.ts'
import type { KafkaStatus, LeaseStatus, ProviderStatus, ServiceStatus } from '../../core/health/status.ts'
import { orNull, timestamp } from '../json/fields.ts'
import { ProviderState } from '../provider.ts'
import { isFlowing, Pipeline, pipelineBody } from './pipeline.ts'

const ProviderHealth = Type.Object(
  {
    provider: Type.String({ examples: ['yfinance'] }),
    status: ProviderState,
    requests: Type.Integer({ description: 'Since this process started.' }),
    failures: Type.Integer(),
    failures_in_a_row: Type.Integer({ description: 'Since the last success.' }),
    last_success_at: orNull(
      timestamp('Last usable response; after a restart, the last time that it confirmed a price.'),
    ),
    last_error: orNull(Type.Object({ code: Type.String(), detail: Type.String(), at: timestamp('When it failed.') })),
    newest: orNull(
      Type.Object({
        symbol: Type.String(),
        timestamp: timestamp('When the price was quoted.'),
        age_ms: Type.Integer(),
        market_state: Type.String(),
        freshness: Type.String(),
      }),
      { description: 'The price that it confirmed last.' },
    ),
    series: Type.Integer(),
    jobs: Type.Integer(),
    failing_jobs: Type.Integer({ description: 'Paused ones are not counted.' }),
  },
  { title: 'ProviderHealth' },
)

const Leases = Type.Array(
  Type.Object({
    name: Type.String({ examples: ['poller'] }),
    holder: Type.String({ description: 'Host and process.' }),
    epoch: Type.Integer({ description: 'How often it has been acquired.' }),
    is_held: Type.Boolean({ description: 'False if it has expired and another process may acquire it.' }),
  }),
  { description: 'Which process holds each task that only one process may do.' },
)

export const Health = Type.Object(
  {
    status: Type.Enum(['ok', 'degraded'], {
      description:
        '`degraded`: a provider in use fails, averages or publishing lag, no consumer reads, Kafka is unavailable, or stored times lie in the future.',
    }),
    uptime_seconds: Type.Integer(),
    database_bytes: Type.Integer(),
    stored_times_ahead_seconds: Type.Number({
      description:
        'How far stored times lie in the future: a clock was ahead when they were stored. They are ignored; from 5 s on the status is `degraded`.',
    }),
    average_windows: Type.Array(Type.Integer(), {
      description: 'The windows that are computed, the default first.',
      examples: [[5]],
    }),
    averages_lag_seconds: Type.Number(),
    pipeline: Pipeline,
    leases: Leases,
    providers: Type.Array(ProviderHealth),
  },
  { title: 'Health', description: 'The service and its providers.' },
)

export type HealthSnapshot = {
  readonly service: ServiceStatus
  /** Undefined if averages follow the log itself. */
  readonly kafka: KafkaStatus | undefined
  /** Every configured or stored provider. */
  readonly providers: readonly (readonly [ProviderStatus, ProviderRecord])[]
  readonly uptimeMs: number
  readonly windows: readonly number[]
  readonly toleratedLagSeconds: number
  /** Milliseconds since 1970. */
  readonly now: number
}

export function healthBody(snapshot: HealthSnapshot): Static<typeof Health> {
  const { service, kafka, now } = snapshot
  const pipeline = pipelineBody({ ...service, kafka }, snapshot.toleratedLagSeconds)
  const providers = snapshot.providers.map(([status, record]) => providerHealthBody(status, record, now))
  return {
    status: isFlowing(pipeline) && !isAhead(service) && !providers.some(isFailing) ? 'ok' : 'degraded',
    uptime_seconds: Math.floor(snapshot.uptimeMs / 1_000),
    database_bytes: service.databaseBytes,
    stored_times_ahead_seconds: service.timesAheadSeconds,
    average_windows: [...snapshot.windows],
    averages_lag_seconds: service.averagesLagSeconds,
    pipeline,
    leases: service.leases.map(leaseBody),
    providers,
  }
}

/** Clocks of several machines may differ by less. */
const TOLERATED_AHEAD_SECONDS = 5

/** Whether stored times lie in the future, by more than clocks differ. */
export function isAhead({ timesAheadSeconds }: Pick<ServiceStatus, 'timesAheadSeconds'>): boolean {
  return timesAheadSeconds > TOLERATED_AHEAD_SECONDS
}

function isFailing(provider: Static<typeof ProviderHealth>): boolean {
  return provider.status === 'failing' || provider.failing_jobs > 0
}

function leaseBody({ name, holder, epoch, isHeld }: LeaseStatus) {
  return { name, holder, epoch: Number(epoch), is_held: isHeld }
}

function providerHealthBody(
  status: ProviderStatus,
  record: ProviderRecord,
  now: number,
): Static<typeof ProviderHealth> {
  return {
    provider: status.provider,
    status: isProviderFailing(record, status, now) ? 'failing' : 'ok',
    requests: record.requests,
    failures: record.failures,
    failures_in_a_row: record.failuresInARow,
    last_success_at: record.lastSuccessAt ?? status.newest?.confirmedAt ?? null,
    last_error: record.lastError,
    newest: status.newest && newestBody(status.newest, now),
    series: status.series,
    jobs: status.jobs,
    failing_jobs: status.failingJobs,
  }
}

function newestBody(newest: NonNullable<ProviderStatus['newest']>, now: number) {
  const { ageMs, marketState, freshness } = freshnessOf(newest, now)
  return { symbol: newest.symbol, timestamp: newest.eventTime, age_ms: ageMs, market_state: marketState, freshness }
}

/** The answer of a probe that succeeds; failures are problems. */
export const ProbeStatus = Type.Object(
  { status: Type.Literal('ok') },
  { title: 'Status', description: 'The service is up.' },
)

export const VersionBody = Type.Object(
  {
    name: Type.String({ examples: ['market-data-service'] }),
    version: Type.String({ examples: ['0.2.0'] }),
    node: Type.String({ examples: ['v24.21.0'] }),
  },
  { title: 'Version', description: 'The program and the Node version that runs it.' },
)
