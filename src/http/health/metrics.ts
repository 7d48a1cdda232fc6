import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import { Type } from 'typebox'
import type { Clock } from '../../lib/clock.ts'
import { millisOf } from '../../lib/instant.ts'
import type { PoolUse, ReadServiceStatus, ServiceStatus } from '../../core/health/status.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import type { ProviderStats } from '../../core/health/provider-stats.ts'
import { NoQuery } from '../server/query.ts'
import { createRequestDurations, type RequestDurations } from './request-durations.ts'

export type MetricsDeps = {
  readonly readServiceStatus: ReadServiceStatus
  readonly readPoolUse: () => readonly PoolUse[]
  /** Of the partitions assigned to this process; none if it does not consume. */
  readonly readConsumerLag: () => readonly ConsumerLag[]
  readonly providerStats: ProviderStats
  readonly clock: Clock
}

type ConsumerLag = { readonly partition: number; readonly position: bigint; readonly end: bigint }

const PREFIX = 'market_data_'

/** `/metrics` for Prometheus: the process, requests by route, the providers, and the state of the database. */
export function metricsRoute(app: App, deps: MetricsDeps): void {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const durations = countRequests(app)
  countProviderReplies(deps.providerStats, registers)
  const setStatus = statusGauges(deps, registers)
  const setPools = poolGauge(deps, registers)
  const setConsumerLag = consumerGauge(deps, registers)
  app.get('/metrics', { schema: SCHEMA }, async (request, reply) => {
    setPools()
    setConsumerLag()
    await setStatus()
    return reply.type(registry.contentType).send(`${durations.text()}\n${await registry.metrics()}`)
  })
}

const SCHEMA = {
  operationId: 'getMetrics',
  tags: ['Service'],
  summary: 'Metrics for Prometheus',
  querystring: NoQuery,
  response: {
    200: {
      description: 'Text format 0.0.4.',
      content: { 'text/plain; version=0.0.4': { schema: Type.String() } },
    },
    ...problems(),
  },
}

function countRequests(app: App): RequestDurations {
  const durations = createRequestDurations()
  app.addHook('onResponse', ({ method, routeOptions }, reply, done) => {
    const labels = { method, route: routeOptions.url ?? 'unknown', status: reply.statusCode }
    durations.count(labels, reply.elapsedTime / 1_000)
    done()
  })
  return durations
}

function countProviderReplies(providerStats: ProviderStats, registers: Registry[]): void {
  const replies = new Counter({
    name: `${PREFIX}provider_requests_total`,
    help: 'Requests to providers, by outcome: ok, or the error code.',
    labelNames: ['provider', 'outcome'],
    registers,
  })
  const durations = new Histogram({
    name: `${PREFIX}provider_request_seconds`,
    help: 'Duration of requests to providers, including failed ones.',
    labelNames: ['provider'],
    buckets: [0.05, 0.2, 0.5, 1, 2, 5, 10],
    registers,
  })
  const byCause = new Counter({
    name: `${PREFIX}provider_requests_by_cause_total`,
    help: 'Requests sent to providers, by cause: question (of a caller) or job.',
    labelNames: ['provider', 'cause'],
    registers,
  })
  providerStats.onObserve(({ provider, cause, outcome, wasSent, ms }) => {
    replies.inc({ provider, outcome })
    if (wasSent) byCause.inc({ provider, cause })
    durations.observe({ provider }, ms / 1_000)
  })
}

function poolGauge({ readPoolUse }: MetricsDeps, registers: Registry[]): () => void {
  const connections = new Gauge({
    name: `${PREFIX}database_connections`,
    help: 'Database connections by pool: busy, idle, and callers waiting for one.',
    labelNames: ['pool', 'state'],
    registers,
  })
  return () => {
    for (const { name, ...use } of readPoolUse()) {
      for (const [state, count] of Object.entries(use)) connections.set({ pool: name, state }, count)
    }
  }
}

function consumerGauge({ readConsumerLag }: MetricsDeps, registers: Registry[]): () => void {
  const lag = new Gauge({
    name: `${PREFIX}consumer_lag_messages`,
    help: 'Messages not yet processed, per partition assigned to this process.',
    labelNames: ['partition'],
    registers,
  })
  return () => {
    // A partition may have moved to another process, which then reports it.
    lag.reset()
    for (const { partition, position, end } of readConsumerLag()) {
      lag.set({ partition: String(partition) }, Number(end - position))
    }
  }
}

/** Read from the database on each scrape, so that they cost nothing in between. */
function statusGauges({ readServiceStatus, clock }: MetricsDeps, registers: Registry[]): () => Promise<void> {
  const gauge: CreateGauge = (name, help, labelNames = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers })
  const setPipeline = pipelineGauges(gauge)
  const bytes = gauge('database_bytes', 'Disk space used by the database.')
  const leading = gauge('leading', '1 if this process holds the lease, else 0.', ['lease'])
  const epoch = gauge('lease_epoch', 'How often the lease has been acquired.', ['lease'])
  const unheld = gauge('lease_unheld', '1 if no process holds the lease, else 0.', ['lease'])
  const ages = gauge('newest_price_age_seconds', 'Age of the price that the provider confirmed last.', ['provider'])
  const jobs = gauge('polling_jobs', 'Polling jobs.', ['provider'])
  const failing = gauge('polling_jobs_failing', 'Polling jobs whose last run failed.', ['provider'])
  return async () => {
    const status = await readServiceStatus()
    setPipeline(status)
    bytes.set(status.databaseBytes)
    for (const lease of status.leases) {
      leading.set({ lease: lease.name }, Number(lease.isOurs))
      epoch.set({ lease: lease.name }, Number(lease.epoch))
      unheld.set({ lease: lease.name }, Number(!lease.isHeld))
    }
    for (const { provider, newest, ...of } of status.providers) {
      jobs.set({ provider }, of.jobs)
      failing.set({ provider }, of.failingJobs)
      if (newest !== null) ages.set({ provider }, (clock.now() - millisOf(newest.eventTime)) / 1_000)
    }
  }
}

type CreateGauge = (name: string, help: string, labelNames?: string[]) => Gauge<string>

/** The path of a price to its averages. */
function pipelineGauges(gauge: CreateGauge): (status: ServiceStatus) => void {
  const lag = gauge('averages_lag_seconds', 'Age of the oldest price not yet in the averages.')
  const log = gauge('log_lag_seconds', 'How long the oldest stored price has waited for earlier transactions.')
  const relay = gauge('relay_lag_seconds', 'Age of the oldest price not yet published to Kafka.')
  const relayRows = gauge('relay_lag_rows', 'Prices not yet published to Kafka, capped at 100000.')
  const dead = gauge('dead_letters_open', 'Unresolved dead letters.')
  const held = gauge('log_held_seconds', 'How long a writing transaction has held back the log.', ['application'])
  return ({ relayLag, logHeldBy, ...status }) => {
    lag.set(status.averagesLagSeconds)
    log.set(status.logLagSeconds)
    relay.set(relayLag?.seconds ?? 0)
    relayRows.set(relayLag?.rows ?? 0)
    dead.set(status.openDeadLetters)
    // Drops the previous holder.
    held.reset()
    held.set({ application: logHeldBy?.application ?? '' }, logHeldBy?.forSeconds ?? 0)
  }
}
