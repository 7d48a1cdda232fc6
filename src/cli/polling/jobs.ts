import { Option, type Command } from 'commander'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { unknownSymbols, type AcceptJobs } from '../../core/polling/accept-jobs.ts'
import type { RefusedSymbol } from '../../core/polling/check-symbols.ts'
import { MAX_JOBS, type Job, type Jobs } from '../../core/polling/job.ts'
import { MARKET_HOURS, type MarketHours } from '../../core/polling/market-hours.ts'
import type { QuoteProvider } from '../../core/prices/quote.ts'
import { millisOf } from '../../lib/instant.ts'
import { canonicalSymbol } from '../../lib/symbol.ts'
import { durationText, roughly } from '../terminal/duration.ts'
import { addSymbol, parseInterval } from '../terminal/arguments.ts'
import { addExamples, JSON_OPTION, providerOption, type Act, type JsonOption } from '../terminal/options.ts'
import { jobBody } from '../../formats/job.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

export type JobActions = {
  listJobs(options: JsonOption): Promise<number>
  addJobs(options: AddOptions): Promise<number>
  changeJobs(verb: JobVerb, options: ChangeOptions): Promise<number>
}

type AddOptions = JsonOption & {
  readonly symbols: readonly string[]
  readonly provider?: string | undefined
  /** In seconds. */
  readonly every: number
  readonly marketHours?: MarketHours | undefined
}

type ChangeOptions = JsonOption & {
  /** Ids, prefixes of ids, or symbols. */
  readonly names: readonly string[]
  readonly provider?: string | undefined
}

type JobVerb = 'pause' | 'resume' | 'run' | 'delete'

/** The commands that manage polling jobs. */
export function addJobCommands(program: Command, act: Act<JobActions>, providers: readonly string[]): void {
  const jobs = program.command('jobs').description('Manage polling jobs, which fetch prices at an interval')
  addExamples(jobs, 'market-data jobs list', 'market-data jobs add AAPL MSFT --every 1m', 'market-data jobs pause AAPL')
  addList(jobs, act)
  addAdd(jobs, act, providers)
  for (const verb of ['pause', 'resume', 'run', 'delete'] as const) addChange(jobs, act, verb)
}

function addList(jobs: Command, act: Act<JobActions>): void {
  const list = jobs
    .command('list', { isDefault: true })
    .description('List all jobs, oldest first (default)')
    .option(...JSON_OPTION)
    // As the default command it also receives misspelled subcommands.
    .allowExcessArguments()
    .action((options: JsonOption, { args: [unknown] }: Command) => {
      if (unknown !== undefined) jobs.error(`error: unknown command '${unknown}'`)
      return act((actions) => actions.listJobs(options))
    })
  addExamples(list, 'market-data jobs list', "market-data jobs list --json | jq '.data[].symbol'")
}

function addAdd(jobs: Command, act: Act<JobActions>, providers: readonly string[]): void {
  const add = jobs
    .command('add')
    .description('Create jobs, if the provider knows the symbol; an existing job takes the new interval')
    .argument('<symbols...>', 'Symbols, such as AAPL, BRK.B, BTC-USD', addSymbol)
    .requiredOption('-e, --every <interval>', 'Interval, such as 30s, 5m, 1h or 1d', parseInterval)
    .option(...providerOption(providers))
    .addOption(MARKET_HOURS_OPTION)
    .option(...JSON_OPTION)
    .action((symbols: readonly string[], options: Omit<AddOptions, 'symbols'>) =>
      act((actions) => actions.addJobs({ ...options, symbols })),
    )
  addExamples(
    add,
    'market-data jobs add AAPL MSFT --every 1m --market-hours regular',
    'market-data jobs add BTC-USD -e 2s -p simulated',
  )
}

/** Not a default of the option: an existing job keeps its hours. */
const MARKET_HOURS_OPTION = new Option(
  '-m, --market-hours <hours>',
  'When to run: in the hours of the exchange, also before and after them, or always (default)',
).choices(MARKET_HOURS)

const DESCRIPTIONS: Readonly<Record<JobVerb, string>> = {
  pause: 'Pause jobs until they are resumed',
  resume: 'Resume paused jobs, starting now',
  run: 'Fetch now, even if paused; the schedule stays the same',
  delete: 'Delete jobs; their prices are kept',
}

function addChange(jobs: Command, act: Act<JobActions>, verb: JobVerb): void {
  const command = jobs
    .command(verb)
    .description(DESCRIPTIONS[verb])
    .argument('<jobs...>', 'Symbols, or ids (or their first characters) as shown by list')
    .option('-p, --provider <name>', 'Provider, if the symbol has jobs with several')
    .option(...JSON_OPTION)
    .action((names: readonly string[], options: Omit<ChangeOptions, 'names'>) =>
      act((actions) => actions.changeJobs(verb, { ...options, names })),
    )
  addExamples(command, `market-data jobs ${verb} AAPL`, `market-data jobs ${verb} 0197f0c2`)
}

type Needs = { readonly jobs: Jobs; readonly output: Output; readonly clock: Clock }

export async function listJobs(needs: Needs, { json }: JsonOption): Promise<void> {
  const { data } = await needs.jobs.list({ limit: MAX_JOBS })
  await printJobs(needs, data, json)
  if (data.length === 0 && !json) needs.output.report('No jobs. To create one: market-data jobs add AAPL --every 1m')
}

/**
 * Creates a job for each symbol that the provider knows; an existing one takes the new interval.
 * @returns whether every symbol has a job now
 * @throws ServiceError `symbol_not_found` or `symbol_delisted` if it knows none of them
 */
export async function addJobs(
  needs: Needs & { readonly acceptJobs: AcceptJobs },
  provider: QuoteProvider,
  { symbols, every, marketHours, json }: AddOptions,
): Promise<boolean> {
  const { output } = needs
  const request = { symbols, intervalSeconds: every, marketHours }
  const { jobs, replaced, refused, warnings } = await needs.acceptJobs(provider, request)
  if (jobs.length === 0) throw unknownSymbols(provider.name, refused)
  await printJobs(needs, jobs, json)
  for (const warning of warnings) output.report(warning)
  if (replaced.length > 0) output.report(`Replaced the schedule of existing jobs: ${replaced.join(', ')}.`)
  reportRefused(output, provider, refused)
  return refused.length === 0
}

function reportRefused(output: Output, { name }: QuoteProvider, refused: readonly RefusedSymbol[]): void {
  for (const one of refused) output.report(unknownSymbols(name, [one]).message)
}

/** Changes every named job, or none if any name is wrong. */
export async function changeJobs(needs: Needs, verb: JobVerb, options: ChangeOptions): Promise<void> {
  const { data } = await needs.jobs.list({ limit: MAX_JOBS })
  const named = new Set(options.names.map((name) => findJob(data, name, options.provider)))
  const changed = await Promise.all([...named].map(async (job) => (await VERBS[verb](needs.jobs, job)) ?? job))
  if (verb !== 'delete') return printJobs(needs, changed, options.json)
  const text = changed.map(({ symbol, provider, jobId }) => `deleted ${symbol} at ${provider} (${jobId})`)
  await needs.output.write(options.json ? jsonLine({ data: changed.map(jobBody) }) : linesText(text))
}

const VERBS: Readonly<Record<JobVerb, (jobs: Jobs, job: Job) => Promise<Job | undefined>>> = {
  pause: (jobs, { jobId }) => jobs.change(jobId, { paused: true }),
  resume: (jobs, { jobId }) => jobs.change(jobId, { paused: false }),
  run: (jobs, { jobId }) => jobs.runNow(jobId),
  delete: async (jobs, job) => ((await jobs.remove(job.jobId)) ? job : undefined),
}

/** The characters of an id that `list` shows; any prefix of at least this length names a job, if it is unique. */
const SHOWN_ID_LENGTH = 8

/** @throws ServiceError `not_found` if no job, or more than one, has that name */
function findJob(jobs: readonly Job[], name: string, provider: string | undefined): Job {
  const ofProvider = jobs.filter((job) => provider === undefined || job.provider === provider)
  const found = ofProvider.filter(({ jobId, symbol }) => hasName(jobId, name) || symbol === symbolOf(name))
  const [job, ...others] = found
  if (job === undefined) {
    const where = provider === undefined ? '' : ` at ${provider}`
    throw new ServiceError('not_found', `No job ${JSON.stringify(name)}${where}; see market-data jobs list.`)
  }
  if (others.length === 0) return job
  const choices = found.map((each) => `${each.jobId.slice(0, SHOWN_ID_LENGTH)} (${each.provider})`).join(', ')
  throw new ServiceError('not_found', `Several jobs match ${name}: ${choices}. Use an id or --provider.`)
}

function hasName(jobId: string, name: string): boolean {
  return name.length >= SHOWN_ID_LENGTH && jobId.startsWith(name.toLowerCase())
}

/** An id is longer than a symbol can be. */
function symbolOf(name: string): string | undefined {
  return name.length > 32 ? undefined : canonicalSymbol(name)
}

async function printJobs({ output, clock }: Needs, jobs: readonly Job[], json = false): Promise<void> {
  if (json) return output.write(jsonLine({ data: jobs.map(jobBody) }))
  if (jobs.length === 0) return
  const head = HEAD.map((word) => output.paint('dim', word))
  const rows = jobs.map((job) => rowOf(job, output, clock.now()))
  await output.write(linesText(alignColumns([head, ...rows])))
}

const HEAD = ['JOB', 'SYMBOL', 'PROVIDER', 'EVERY', 'STATUS', 'NEXT', 'LAST']

function rowOf(job: Job, { paint }: Output, now: number): string[] {
  const { jobId, symbol, provider, intervalSeconds, marketHours, status } = job
  const color = ({ active: 'green', failing: 'red', paused: 'yellow' } as const)[status]
  const id = jobId.slice(0, SHOWN_ID_LENGTH)
  const every = durationText(intervalSeconds) + (marketHours === 'always' ? '' : ` ${marketHours}`)
  return [id, paint('bold', symbol), provider, every, paint(color, status), nextText(job, now), lastText(job, now)]
}

function nextText({ nextRunAt }: Job, now: number): string {
  if (nextRunAt === null) return '-'
  const waitMs = millisOf(nextRunAt) - now
  return waitMs > 0 ? `in ${roughly(waitMs)}` : 'due'
}

function lastText({ lastRun, pausedReason }: Job, now: number): string {
  if (pausedReason !== null) return pausedReason
  if (lastRun === null) return '-'
  const age = roughly(Math.max(0, now - millisOf(lastRun.finishedAt)))
  return `${age} ago: ${lastRun.error?.detail ?? lastRun.outcome}`
}
