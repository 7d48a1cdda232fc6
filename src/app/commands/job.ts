import { addJobs, changeJobs, listJobs } from '../../cli/polling/jobs.ts'
import type { Actions } from '../../cli/program.ts'
import { createIngest } from '../../core/ingest/ingest.ts'
import { createAcceptJobs } from '../../core/polling/accept-jobs.ts'
import { EXIT_FAILED } from '../../cli/terminal/output.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { createStoreReply } from '../../postgres/ingest/store-reply.ts'
import { createJobs } from '../../postgres/polling/jobs.ts'
import { openTables, type Tables } from './open-tables.ts'
import { createProviders, type CommandContext } from '../context.ts'

/** The commands that manage polling jobs. */
export function createJobActions({
  output,
  readContext,
}: CommandContext): Pick<Actions, 'listJobs' | 'addJobs' | 'changeJobs'> {
  const needsOf = ({ pool }: Tables) => ({ jobs: createJobs(pool, clock), output, clock })
  const warnWithoutService = ({ isOursAlone }: Tables) => {
    if (isOursAlone) output.report('No service is running: start one to run jobs.')
  }
  return {
    listJobs: async (options) => {
      await using tables = await openTables(readContext())
      await listJobs(needsOf(tables), options)
      return 0
    },

    addJobs: async (options) => {
      const context = readContext()
      const providers = await createProviders(context)
      const provider = providers.get(options.provider ?? context.config.DEFAULT_PROVIDER)
      await using tables = await openTables(context)
      const needs = needsOf(tables)
      const record = createStoreReply(tables.pool)
      // A running service finds the prices in the log, so nothing has to be notified here.
      const ingest = createIngest({ providerOf: providers.get, record, notify: () => {}, observe: () => {}, clock })
      const acceptJobs = createAcceptJobs({ jobs: needs.jobs, ingest, clock, signal: output.closed })
      const isComplete = await addJobs({ ...needs, acceptJobs }, provider, options)
      warnWithoutService(tables)
      return isComplete ? 0 : EXIT_FAILED
    },

    changeJobs: async (verb, options) => {
      const context = readContext()
      const provider = options.provider && (await createProviders(context)).get(options.provider).name
      await using tables = await openTables(context)
      await changeJobs(needsOf(tables), verb, { ...options, provider })
      if (verb === 'resume' || verb === 'run') warnWithoutService(tables)
      return 0
    },
  }
}
