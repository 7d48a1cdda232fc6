import type { Command } from 'commander'
import type { AddOptions, ChangeOptions, JobVerb } from './jobs.ts'
import { addExamples, JSON_OPTION, PROVIDER_OPTION, type Act, type JsonOption } from '../terminal/options.ts'
import { addSymbol, readInterval } from '../terminal/arguments.ts'

export type JobActions = {
  listJobs(options: JsonOption): Promise<number>
  addJobs(options: AddOptions): Promise<number>
  changeJobs(verb: JobVerb, options: ChangeOptions): Promise<number>
}

/** The commands over polling jobs. */
export function addJobCommands(program: Command, act: Act<JobActions>): void {
  const jobs = program
    .command('jobs')
    .description('the polling jobs of the service: symbols that it fetches again and again')
  addExamples(jobs, 'market-data jobs list', 'market-data jobs add AAPL MSFT --every 1m', 'market-data jobs pause AAPL')

  const list = jobs
    .command('list', { isDefault: true })
    .description('all jobs, oldest first; what jobs alone does too')
    .option(...JSON_OPTION)
    // Without its own word it also gets words that are no command.
    .allowExcessArguments()
    .action((options: JsonOption, { args: [unknown] }: Command) => {
      if (unknown !== undefined) jobs.error(`error: unknown command '${unknown}'`)
      return act((actions) => actions.listJobs(options))
    })
  addExamples(list, 'market-data jobs list', "market-data jobs list --json | jq '.data[].symbol'")

  const add = jobs
    .command('add')
    .description('fetch symbols now and then every so often; a job that is there takes the new interval')
    .argument('<symbols...>', 'such as AAPL, BRK.B, BTC-USD', addSymbol)
    .requiredOption('-e, --every <interval>', 'such as 30s, 5m, 1h or 1d', readInterval)
    .option(...PROVIDER_OPTION)
    .option(...JSON_OPTION)
    .action((symbols: readonly string[], options: Omit<AddOptions, 'symbols'>) =>
      act((actions) => actions.addJobs({ ...options, symbols })),
    )
  addExamples(add, 'market-data jobs add AAPL MSFT --every 1m', 'market-data jobs add BTC-USD -e 2s -p simulated')

  for (const [verb, description] of Object.entries(VERBS)) addChange(jobs, act, [verb as JobVerb, description])
}

const VERBS: Readonly<Record<JobVerb, string>> = {
  pause: 'stop fetching until the job is resumed',
  resume: 'go on with paused jobs, at once',
  run: 'fetch now, also while paused; the regular runs stay where they were',
  delete: 'end jobs; their prices stay',
}

function addChange(jobs: Command, act: Act<JobActions>, [verb, description]: readonly [JobVerb, string]): void {
  const command = jobs
    .command(verb)
    .description(description)
    .argument('<jobs...>', 'symbols, or ids or their beginnings as list shows them')
    .option('-p, --provider <name>', 'where a symbol has jobs of several')
    .option(...JSON_OPTION)
    .action((names: readonly string[], options: Omit<ChangeOptions, 'names'>) =>
      act((actions) => actions.changeJobs(verb, { ...options, names })),
    )
  addExamples(command, `market-data jobs ${verb} AAPL`, `market-data jobs ${verb} 0197f0c2`)
}
