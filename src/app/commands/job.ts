import { addJobs, changeJobs, listJobs } from '../../cli/polling/jobs.ts'
import type { Actions } from '../../cli/program.ts'
import { systemClock as clock } from '../../lib/clock.ts'
import { createJobs } from '../../postgres/polling/jobs.ts'
import { createProviders } from '../context.ts'
import { openTables, type Tables } from './open-tables.ts'
import type { Needs } from './context.ts'

/** The commands around polling jobs. */
export function createJobActions({ output, readSetting }: Needs): Pick<Actions, 'listJobs' | 'addJobs' | 'changeJobs'> {
  const needsOf = ({ pool }: Tables) => ({ jobs: createJobs(pool, clock), output, clock })
  const sayWhereNothingRuns = ({ isOursAlone }: Tables) => {
    if (isOursAlone) output.say('No service runs here: jobs run once one is started.')
  }
  return {
    listJobs: async (options) => {
      await using tables = await openTables(readSetting())
      await listJobs(needsOf(tables), options)
      return 0
    },

    addJobs: async (options) => {
      const context = readSetting()
      const source = createProviders(context).get(options.provider ?? context.config.DEFAULT_PROVIDER)
      await using tables = await openTables(context)
      await addJobs(needsOf(tables), source, options)
      sayWhereNothingRuns(tables)
      return 0
    },

    changeJobs: async (verb, options) => {
      const context = readSetting()
      const provider = options.provider && createProviders(context).get(options.provider).name
      await using tables = await openTables(context)
      await changeJobs(needsOf(tables), verb, { ...options, provider })
      if (verb === 'resume' || verb === 'run') sayWhereNothingRuns(tables)
      return 0
    },
  }
}
