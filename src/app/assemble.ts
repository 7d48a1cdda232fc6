import type { FastifyInstance } from 'fastify'
import type { Jobs } from '../core/polling/job.ts'
import { createApi } from '../http/api.ts'
import { systemClock as clock } from '../lib/clock.ts'
import { createLeases } from '../postgres/cluster/leases.ts'
import { apiDeps } from './api-deps.ts'
import { createSharedParts, type Assembly, type SharedParts } from './shared-parts.ts'
import { createWorkers, type Workers } from './workers/workers.ts'

export type Assembled = {
  readonly server: FastifyInstance
  readonly jobs: Jobs
  /** The names of the available providers. */
  readonly providers: readonly string[]
  /** Runs the workers until the signal fires. */
  run(): Promise<void>
}

/** Every part of a process, wired to the others and not yet started. */
export async function assemble(assembly: Assembly): Promise<Assembled> {
  const shared = await createSharedParts(assembly)
  const workers = await createProcessWorkers(assembly, shared)
  const server = createApi(await apiDeps({ assembly, shared, workers }))
  const { jobs, requestCounts } = shared
  const { signal } = assembly
  const providers = shared.providers.list().map(({ name }) => name)
  return {
    server,
    jobs,
    providers,
    run: async () => void (await Promise.all([workers.run(signal), requestCounts.run(signal)])),
  }
}

function createProcessWorkers(assembly: Assembly, shared: SharedParts): Promise<Workers> {
  const { config, log, kafka, kafkaWatch, database, roles } = assembly
  const { storage, providers, pricesStored, jobsChanged, ingestInto, holder } = shared
  const { working: pool, pool: maintenance, leading } = database
  const needs = {
    config,
    clock,
    log,
    database: { pool, maintenance, leases: createLeases(leading, holder), watch: storage },
    pricesStored,
    polling: { providers, ingestInto, jobsChanged },
    kafka: kafka && { ...kafka, watch: kafkaWatch },
  }
  return createWorkers(needs, roles)
}
