import { measureAverages } from './averages.ts'
import { measureCost } from './cost.ts'
import { measureDashboard } from './dashboard.ts'
import { measureEmbedded } from './embedded.ts'
import { measureExports } from './exports.ts'
import { measureGrowth } from './growth.ts'
import { measureHistory } from './history.ts'
import { measureIngest } from './ingest.ts'
import { measureKafka } from './kafka.ts'
import { measureLatency } from './latency.ts'
import { measureLatest } from './latest.ts'
import type { Scale } from './interleave.ts'
import { measureStart } from './start.ts'
import { measureStreams } from './streams.ts'
import type { Figure } from './table.ts'

type Scenario = {
  /** One line, for `--help`. */
  readonly about: string
  /** Starts everything that it needs, and stops it again. */
  measure(scale: Scale): Promise<readonly Figure[]>
}

/** Every scenario, by the name of its section in docs/performance.md. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ingest: { about: 'durable prices per second, beside pgbench and the reference', measure: measureIngest },
  averages: { about: 'averages per second, beside pgbench and the reference', measure: measureAverages },
  kafka: { about: "messages per second, beside Kafka's own producer", measure: measureKafka },
  latest: { about: 'GET /prices/latest, beside node:http, Fastify and the reference', measure: measureLatest },
  history: { about: 'GET /prices/history, beside pgbench', measure: measureHistory },
  exports: { about: 'a million rows as CSV, beside COPY', measure: measureExports },
  embedded: { about: 'the embedded database, beside a PostgreSQL server', measure: measureEmbedded },
  cost: { about: 'CPU time and memory of a million prices', measure: measureCost },
  latency: { about: "provider reply to stream client, beside Kafka's own tool", measure: measureLatency },
  streams: { about: 'a thousand stream clients', measure: measureStreams },
  growth: { about: 'the same work with twenty times as many rows', measure: measureGrowth },
  start: {
    about: 'until the service is ready, and until --version is printed, against budgets',
    measure: measureStart,
  },
  dashboard: { about: 'the dashboard in Chromium, against budgets', measure: measureDashboard },
}
