import { Type, type Static } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { freshnessOf } from '../../core/prices/freshness.ts'
import type { ProviderStatus, ReadKafkaStatus, ReadServiceStatus } from '../../core/health/status.ts'
import type { App } from '../server/app.ts'
import { isFlowing, Pipeline, pipelineBody } from './pipeline.ts'
import { moment } from '../../formats/price.ts'
import { problems } from '../server/problem.ts'
import type { ProviderStats } from '../../core/health/provider-stats.ts'
import type { ProviderNeeds } from '../prices/providers.ts'
import { NoQuery } from '../server/query.ts'

export type HealthReportNeeds = ProviderNeeds & {
  readonly readServiceStatus: ReadServiceStatus
  /** Undefined where averages follow the log itself. */
  readonly readKafkaStatus: ReadKafkaStatus | undefined
  readonly providerStats: ProviderStats
  readonly clock: Clock
  readonly windows: readonly number[]
  /** How far averages and references may be behind, and all is well. */
  readonly toleratedLagSeconds: number
}

const orNull = (description: string) => Type.Union([moment(description), Type.Null()])

const ProviderHealth = Type.Object(
  {
    provider: Type.String({ examples: ['yfinance'] }),
    requests: Type.Integer({ description: 'Since this process started.' }),
    failures: Type.Integer(),
    failures_in_a_row: Type.Integer({ description: 'Since the last success.' }),
    last_success_at: orNull('When it last answered usably; after a restart, when it last confirmed a price.'),
    last_error: Type.Union([
      Type.Object({ code: Type.String(), detail: Type.String(), at: moment('When.') }),
      Type.Null(),
    ]),
    newest: Type.Union(
      [
        Type.Object({
          symbol: Type.String(),
          timestamp: moment('When the price was made.'),
          age_ms: Type.Integer(),
          market_state: Type.String(),
          freshness: Type.String(),
        }),
        Type.Null(),
      ],
      { description: 'The price that it confirmed last.' },
    ),
    series: Type.Integer(),
    jobs: Type.Integer(),
    failing_jobs: Type.Integer(),
  },
  { title: 'ProviderHealth' },
)

const Health = Type.Object(
  {
    status: Type.Enum(['ok', 'degraded'], {
      description: '`degraded`: a provider in use fails, averages or references lag, nobody reads, or Kafka is away.',
    }),
    uptime_seconds: Type.Integer(),
    database_bytes: Type.Integer(),
    average_windows: Type.Array(Type.Integer(), {
      description: 'Those that are kept, the default first.',
      examples: [[5]],
    }),
    averages_lag_seconds: Type.Number(),
    pipeline: Pipeline,
    leases: Type.Array(
      Type.Object({
        name: Type.String({ examples: ['poller'] }),
        holder: Type.String({ description: 'Host and process.' }),
        epoch: Type.Integer({ description: 'How often it was taken.' }),
        is_held: Type.Boolean({ description: 'False where the holder is silent and another may follow.' }),
      }),
      { description: 'Who does what only one process may do.' },
    ),
    providers: Type.Array(ProviderHealth),
  },
  { title: 'Health', description: 'The service and its providers.' },
)

/** How the service and each of its providers are, for people and for alarms. */
export function healthReportRoutes(app: App, needs: HealthReportNeeds): void {
  const { readServiceStatus, readKafkaStatus, sources, providerStats, clock, windows } = needs
  const startedAt = clock.now()
  app.get(
    '/health',
    {
      schema: {
        operationId: 'getHealth',
        tags: ['Service'],
        summary: 'How the service and its providers are',
        querystring: NoQuery,
        response: { 200: Health, ...problems() },
      },
    },
    async () => {
      const [facts, kafka] = await Promise.all([readServiceStatus(), readKafkaStatus?.()])
      const pipeline = pipelineBody({ ...facts, kafka }, needs.toleratedLagSeconds)
      const stored = new Map(facts.providers.map((provider) => [provider.provider, provider]))
      const names = new Set([...sources.list().map((source) => source.name), ...stored.keys()])
      const providers = [...names].map((name) =>
        providerHealth(stored.get(name) ?? unused(name), providerStats, clock.now()),
      )
      return {
        status: isFlowing(pipeline) && !isFailing(providers) ? ('ok' as const) : ('degraded' as const),
        uptime_seconds: Math.floor((clock.now() - startedAt) / 1_000),
        database_bytes: facts.databaseBytes,
        average_windows: [...windows],
        averages_lag_seconds: facts.averagesLagSeconds,
        pipeline,
        leases: facts.leases.map(({ name, holder, epoch, isHeld }) => ({
          name,
          holder,
          epoch: Number(epoch),
          is_held: isHeld,
        })),
        providers,
      }
    },
  )
}

function isFailing(providers: readonly Static<typeof ProviderHealth>[]): boolean {
  return providers.some((provider) => provider.failures_in_a_row > 0 || provider.failing_jobs > 0)
}

function unused(provider: string): ProviderStatus {
  return { provider, series: 0, newest: null, jobs: 0, failingJobs: 0 }
}

function providerHealth(
  facts: ProviderStatus,
  providerStats: ProviderStats,
  now: number,
): Static<typeof ProviderHealth> {
  const record = providerStats.of(facts.provider)
  return {
    provider: facts.provider,
    requests: record.requests,
    failures: record.failures,
    failures_in_a_row: record.failuresInARow,
    last_success_at: record.lastSuccessAt ?? facts.newest?.confirmedAt ?? null,
    last_error: record.lastError,
    newest: facts.newest && newestBody(facts.newest, now),
    series: facts.series,
    jobs: facts.jobs,
    failing_jobs: facts.failingJobs,
  }
}

function newestBody(newest: NonNullable<ProviderStatus['newest']>, now: number) {
  const { ageMs, marketState, freshness } = freshnessOf(newest, now)
  return { symbol: newest.symbol, timestamp: newest.eventTime, age_ms: ageMs, market_state: marketState, freshness }
}
