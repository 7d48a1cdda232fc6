import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import { Type } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { millisOf } from '../../lib/instant.ts'
import type { PoolUse, ReadServiceStatus, ServiceStatus } from '../../core/health/status.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import type { ProviderStats } from '../../core/health/provider-stats.ts'
import { NoQuery } from '../server/query.ts'

export type MetricsNeeds = {
  readonly readServiceStatus: ReadServiceStatus
  readonly readPoolUse: () => readonly PoolUse[]
  /** Of the partitions that this process reads; none where it does not consume. */
  readonly readConsumerLag: () => readonly ConsumerLag[]
  readonly providerStats: ProviderStats
  readonly clock: Clock
}

type ConsumerLag = { readonly partition: number; readonly position: bigint; readonly end: bigint }

const PREFIX = 'market_data_'

/** `/metrics` for Prometheus: the process, the requests of documented routes, the providers, and what the tables say. */
export function metricsRoutes(app: App, needs: MetricsNeeds): void {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })
  countRequests(app, registers)
  countProviderReplies(needs.providerStats, registers)
  const setFacts = factGauges(needs, registers)
  const setPools = poolGauge(needs, registers)
  const setConsumerLag = consumerGauge(needs, registers)
  app.get(
    '/metrics',
    {
      schema: {
        operationId: 'getMetrics',
        tags: ['Service'],
        summary: 'Numbers for Prometheus',
        querystring: NoQuery,
        response: {
          200: {
            description: 'Text format 0.0.4.',
            content: { 'text/plain; version=0.0.4': { schema: Type.String() } },
          },
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      setPools()
      setConsumerLag()
      await setFacts()
      return reply.type(registry.contentType).send(await registry.metrics())
    },
  )
}

function countRequests(app: App, registers: Registry[]): void {
  const durations = new Histogram({
    name: `${PREFIX}http_request_seconds`,
    help: 'How long requests took, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  })
  app.addHook('onResponse', ({ method, routeOptions }, reply, done) => {
    // The pattern of the route and not its path, so that nobody can make labels.
    const route = routeOptions.url ?? 'unknown'
    durations.observe({ method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000)
    done()
  })
}

function countProviderReplies(providerStats: ProviderStats, registers: Registry[]): void {
  const replies = new Counter({
    name: `${PREFIX}provider_requests_total`,
    help: 'Requests to providers, by outcome: ok, or the code of the error.',
    labelNames: ['provider', 'outcome'],
    registers,
  })
  const durations = new Histogram({
    name: `${PREFIX}provider_request_seconds`,
    help: 'How long requests to providers took, whatever came of them.',
    labelNames: ['provider'],
    buckets: [0.05, 0.2, 0.5, 1, 2, 5, 10],
    registers,
  })
  providerStats.onObserve((provider, outcome, ms) => {
    replies.inc({ provider, outcome })
    durations.observe({ provider }, ms / 1_000)
  })
}

function poolGauge({ readPoolUse }: MetricsNeeds, registers: Registry[]): () => void {
  const connections = new Gauge({
    name: `${PREFIX}database_connections`,
    help: 'Connections to the database by pool: busy, idle, and how many wait for one.',
    labelNames: ['pool', 'state'],
    registers,
  })
  return () => {
    for (const { name, ...use } of readPoolUse()) {
      for (const [state, count] of Object.entries(use)) connections.set({ pool: name, state }, count)
    }
  }
}

function consumerGauge({ readConsumerLag }: MetricsNeeds, registers: Registry[]): () => void {
  const lag = new Gauge({
    name: `${PREFIX}consumer_lag_messages`,
    help: 'Messages still to be read, of each partition that this process reads.',
    labelNames: ['partition'],
    registers,
  })
  return () => {
    // Partitions go to other processes, and only those tell of them then.
    lag.reset()
    for (const { partition, position, end } of readConsumerLag()) {
      lag.set({ partition: String(partition) }, Number(end - position))
    }
  }
}

/** Asked of the database when somebody asks us, so that they cost nothing in between. */
function factGauges({ readServiceStatus, clock }: MetricsNeeds, registers: Registry[]): () => Promise<void> {
  const gauge: CreateGauge = (name, help, labelNames = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers })
  const setWay = wayGauges(gauge)
  const bytes = gauge('database_bytes', 'Disk that the database uses.')
  const leading = gauge('leading', '1 where this process leads, 0 where it does not.', ['lease'])
  const epoch = gauge('lease_epoch', 'How often a lease was taken.', ['lease'])
  const unled = gauge('lease_unheld', '1 where nobody leads.', ['lease'])
  const ages = gauge('newest_price_age_seconds', 'Age of the price that the provider confirmed last.', ['provider'])
  const jobs = gauge('polling_jobs', 'Polling jobs.', ['provider'])
  const failing = gauge('polling_jobs_failing', 'Polling jobs whose last run failed.', ['provider'])
  return async () => {
    const facts = await readServiceStatus()
    setWay(facts)
    bytes.set(facts.databaseBytes)
    for (const lease of facts.leases) {
      leading.set({ lease: lease.name }, Number(lease.isOurs))
      epoch.set({ lease: lease.name }, Number(lease.epoch))
      unled.set({ lease: lease.name }, Number(!lease.isHeld))
    }
    for (const { provider, newest, ...of } of facts.providers) {
      jobs.set({ provider }, of.jobs)
      failing.set({ provider }, of.failingJobs)
      if (newest !== null) ages.set({ provider }, (clock.now() - millisOf(newest.eventTime)) / 1_000)
    }
  }
}

type CreateGauge = (name: string, help: string, labelNames?: string[]) => Gauge<string>

/** The way of a price to its averages. */
function wayGauges(gauge: CreateGauge): (facts: ServiceStatus) => void {
  const lag = gauge('averages_lag_seconds', 'How long the oldest price has waited that the averages have not seen.')
  const log = gauge('log_lag_seconds', 'How long the oldest stored price has waited for transactions before it.')
  const relay = gauge('relay_lag_seconds', 'How long the oldest price has waited that Kafka was not told of.')
  const relayRows = gauge('relay_lag_rows', 'Prices that Kafka was not told of; 100000 means so many or more.')
  const dead = gauge('dead_letters_open', 'Messages on Kafka that nobody could use, and nobody has looked at.')
  const held = gauge('log_held_seconds', 'How long a writing transaction has held back the log.', ['application'])
  return ({ relayLag, logHeldBy, ...facts }) => {
    lag.set(facts.averagesLagSeconds)
    log.set(facts.logLagSeconds)
    relay.set(relayLag?.seconds ?? 0)
    relayRows.set(relayLag?.rows ?? 0)
    dead.set(facts.openDeadLetters)
    // Whoever held it a while ago is no longer told.
    held.reset()
    held.set({ application: logHeldBy?.application ?? '' }, logHeldBy?.forSeconds ?? 0)
  }
}
