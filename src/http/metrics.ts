import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from '@prometheus-io/client'
import { Type } from 'typebox'
import type { ReadServiceFacts } from '../prices/service-facts.ts'
import type { App } from './app.ts'
import { problems } from './problem.ts'
import type { ProviderLedger } from './provider-ledger.ts'
import { NoQuery } from './query.ts'

export type MetricsNeeds = {
  readonly readServiceFacts: ReadServiceFacts
  readonly ledger: ProviderLedger
}

const PREFIX = 'market_data_'

/** `/metrics` for Prometheus: the process, the requests of documented routes, the providers, and what the tables say. */
export function metricsRoutes(app: App, { readServiceFacts, ledger }: MetricsNeeds): void {
  const registers = [new Registry()]
  const [registry] = registers as [Registry]
  collectDefaultMetrics({ register: registry })
  countRequests(app, registers)
  countProviderReplies(ledger, registers)
  const setFacts = factGauges(readServiceFacts, registers)
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
  app.addHook('onResponse', async ({ method, routeOptions }, reply) => {
    // The pattern of the route and not its path, so that nobody can make labels.
    const route = routeOptions.url ?? 'unknown'
    durations.observe({ method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1_000)
  })
}

function countProviderReplies(ledger: ProviderLedger, registers: Registry[]): void {
  const replies = new Counter({
    name: `${PREFIX}provider_requests_total`,
    help: 'Requests to providers, by outcome: ok, or the code of the error.',
    labelNames: ['provider', 'outcome'],
    registers,
  })
  ledger.onObserve((provider, outcome) => replies.inc({ provider, outcome }))
}

/** Asked of the database when somebody asks us, so that they cost nothing in between. */
function factGauges(readServiceFacts: ReadServiceFacts, registers: Registry[]): () => Promise<void> {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: PREFIX + name, help, labelNames, registers })
  const lag = gauge('averages_lag_seconds', 'How long the oldest price has waited that the averages have not seen.')
  const held = gauge('log_held_seconds', 'How long a writing transaction has held back the log.')
  const bytes = gauge('database_bytes', 'Disk that the database uses.')
  const jobs = gauge('polling_jobs', 'Polling jobs.', ['provider'])
  const failing = gauge('polling_jobs_failing', 'Polling jobs whose last run failed.', ['provider'])
  return async () => {
    const facts = await readServiceFacts()
    lag.set(facts.averagesLagSeconds)
    held.set(facts.logHeldBy?.forSeconds ?? 0)
    bytes.set(facts.databaseBytes)
    for (const { provider, ...of } of facts.providers) {
      jobs.set({ provider }, of.jobs)
      failing.set({ provider }, of.failingJobs)
    }
  }
}
