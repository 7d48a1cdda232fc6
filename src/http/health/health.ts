import type { Clock } from '../../lib/clock.ts'
import type { ProviderStats } from '../../core/health/provider-stats.ts'
import {
  unusedProvider,
  type ProviderStatus,
  type ReadKafkaStatus,
  type ReadServiceStatus,
} from '../../core/health/status.ts'
import { Health, healthBody } from '../../formats/health/health.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { canBePolled, type ProviderDeps } from '../server/providers.ts'
import { NoQuery } from '../server/query.ts'

export type HealthDeps = Pick<ProviderDeps, 'providers'> & {
  readonly readServiceStatus: ReadServiceStatus
  /** Undefined if averages follow the log itself. */
  readonly readKafkaStatus: ReadKafkaStatus | undefined
  readonly providerStats: ProviderStats
  readonly clock: Clock
  readonly windows: readonly number[]
  /** Lag of averages and publishing up to which the status is `ok`. */
  readonly toleratedLagSeconds: number
}

/** The state of the service and of each provider, for people and alerts. */
export function healthRoute(app: App, deps: HealthDeps): void {
  const { readServiceStatus, readKafkaStatus, clock, windows, toleratedLagSeconds } = deps
  const startedAt = clock.monotonic()
  const schema = {
    operationId: 'getHealth',
    tags: ['Service'],
    summary: 'Show the state of the service and its providers',
    querystring: NoQuery,
    response: { 200: Health, ...problems() },
  }
  app.get('/health', { schema }, async () => {
    const [service, kafka] = await Promise.all([readServiceStatus(), readKafkaStatus?.()])
    const now = clock.now()
    const providers = statusOfEach(service.providers, deps)
    return healthBody({
      service,
      kafka,
      providers,
      uptimeMs: clock.monotonic() - startedAt,
      windows,
      toleratedLagSeconds,
      now,
    })
  })
}

/** Of the configured providers, and of those that only have stored prices; not of imports, which are never requested. */
function statusOfEach(stored: readonly ProviderStatus[], { providers, providerStats }: HealthDeps) {
  const byName = new Map(stored.map((status) => [status.provider, status]))
  const names = new Set([...providers.list().map(({ name }) => name), ...byName.keys()])
  return [...names]
    .filter((name) => canBePolled(providers, name))
    .map((name) => [byName.get(name) ?? unusedProvider(name), providerStats.of(name)] as const)
}
