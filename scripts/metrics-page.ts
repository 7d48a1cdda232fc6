import { fastify } from 'fastify'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { systemClock } from '../src/lib/clock.ts'
import { instantFromMillis } from '../src/lib/instant.ts'
import { LOG_START } from '../src/core/log/position.ts'
import { metricsRoute } from '../src/http/health/metrics.ts'
import { createProviderStats } from '../src/core/health/provider-stats.ts'

const OURS = 'market_data_'

const HEAD = `# Metrics

Generated from the response of \`/metrics\` by \`npm run docs\`; a test fails if it is out of date.

\`GET /metrics\` responds in the Prometheus text format. Besides the metrics below, it contains the usual ones of a process and
of Node (\`process_*\`, \`nodejs_*\`).

| metric | type | labels | meaning |
|---|---|---|---|
`

/** The reference page of our own metrics, in Markdown. */
export async function metricsPage(): Promise<string> {
  const text = await readMetrics()
  const names = [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].filter(([, name = '']) => name.startsWith(OURS))
  const rows = names.map(([, name = '', help]) => {
    const type = new RegExp(`^# TYPE ${name} (\\w+)$`, 'm').exec(text)?.[1]
    const labels = labelsOf(text, name).map((label) => `\`${label}\``)
    return `| \`${name}\` | ${type} | ${labels.join(' ')} | ${help} |\n`
  })
  return HEAD + rows.join('')
}

/** Requested twice, because the first response does not count itself; the second has a value for every label. */
async function readMetrics(): Promise<string> {
  const app = fastify().withTypeProvider<TypeBoxTypeProvider>()
  const providerStats = createProviderStats(systemClock)
  const at = instantFromMillis(0)
  const newest = { symbol: 'AAPL', eventTime: at, confirmedAt: at, marketState: 'open', delaySeconds: 0 } as const
  const provider = { provider: 'simulated', series: 1, newest, jobs: 1, activeJobs: 1, failingJobs: 0 }
  const lease = { name: 'poller', holder: 'here', epoch: '1', isHeld: true, isOurs: true }
  const status = {
    averagesLagSeconds: 0,
    relayLag: { rows: 0, seconds: 0 },
    logEnd: LOG_START,
    logLagSeconds: 0,
    openDeadLetters: 0,
    logHeldBy: null,
    timesAheadSeconds: 0,
    databaseBytes: 0,
    leases: [lease],
    providers: [provider],
  }
  metricsRoute(app, {
    providerStats,
    clock: systemClock,
    readServiceStatus: async () => status,
    readConsumerLag: () => [{ partition: 0, position: 0n, end: 0n }],
    readPoolUse: () => [{ name: 'work', busy: 0, idle: 1, waiting: 0 }],
  })
  providerStats.observe('simulated', 5)
  await app.inject('/metrics')
  const { body } = await app.inject('/metrics')
  await app.close()
  return body
}

function labelsOf(text: string, name: string): string[] {
  const sample = new RegExp(`^${name}(?:_bucket)?\\{([^}]*)\\}`, 'm').exec(text)?.[1] ?? ''
  const labels = [...sample.matchAll(/(\w+)="/g)].map(([, label = '']) => label)
  return labels.filter((label) => label !== 'le').toSorted()
}
