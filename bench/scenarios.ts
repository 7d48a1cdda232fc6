import { measureAverages } from './averages.ts'
import { measureCost } from './cost.ts'
import { measureEmbedded } from './embedded.ts'
import { measureGrowth } from './growth.ts'
import { measureHistory } from './history.ts'
import { measureIngest } from './ingest.ts'
import { measureKafka } from './kafka.ts'
import { measureLatency } from './latency.ts'
import { measureLatest } from './latest.ts'
import type { Scale } from './rounds.ts'
import { measureStreams } from './streams.ts'
import type { Figure } from './table.ts'

/** Each starts all that it needs and ends it again. */
export const SCENARIOS: Readonly<Record<string, (scale: Scale) => Promise<readonly Figure[]>>> = {
  ingest: measureIngest,
  averages: measureAverages,
  kafka: measureKafka,
  latest: measureLatest,
  history: measureHistory,
  embedded: measureEmbedded,
  cost: measureCost,
  latency: measureLatency,
  streams: measureStreams,
  growth: measureGrowth,
}
