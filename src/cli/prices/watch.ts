import type { Command } from 'commander'
import { stripVTControlCharacters } from 'node:util'
import type { Clock } from '../../lib/clock.ts'
import type { LogEntry, ReadLog } from '../../core/log/entry.ts'
import { createMemoryCheckpoint, followLogOnce, type Checkpoint } from '../../core/log/follow.ts'
import type { LogPosition } from '../../core/log/position.ts'
import type { Job } from '../../core/polling/job.ts'
import { sixDigits } from '../../lib/instant.ts'
import { addSymbol } from '../terminal/arguments.ts'
import { addExamples, type Act, type JsonOption } from '../terminal/options.ts'
import { jsonLine } from '../../formats/json/json-line.ts'
import { priceEventBody } from '../../formats/price-event.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'
import { createWatchTable, type ShownPrice } from './watch-table.ts'

export type WatchActions = { watch(options: WatchOptions): Promise<number> }

export type WatchOptions = JsonOption & {
  readonly symbols: readonly string[]
  readonly provider?: string | undefined
}

export function addWatchCommand(program: Command, act: Act<WatchActions>): void {
  const watch = program
    .command('watch')
    .description('Show new prices until Ctrl-C: a table on a terminal, otherwise a line for each price')
    .argument('<symbols...>', 'Symbols, such as AAPL, BRK.B, BTC-USD', addSymbol)
    .option('-p, --provider <name>', 'Only prices of this provider (default: every provider)')
    .option('--json', 'Print a line of JSON for each price')
    .action((symbols: readonly string[], options: Omit<WatchOptions, 'symbols'>) =>
      act((actions) => actions.watch({ ...options, symbols })),
    )
  addExamples(watch, 'market-data watch AAPL MSFT', 'market-data watch AAPL --json | jq .price')
}

/** The prices of a connected database. */
export type PriceFeed = AsyncDisposable & {
  readonly readLog: ReadLog
  readonly logEnd: () => Promise<LogPosition>
  /** The newest price of each symbol from each provider. */
  readonly readNewest: (symbols: readonly string[]) => Promise<readonly ShownPrice[]>
  /** The polling jobs of all symbols. */
  readonly readJobs: () => Promise<readonly PolledSymbol[]>
}

type PolledSymbol = Pick<Job, 'symbol' | 'provider' | 'status'>

type Needs = {
  /** Undefined while no service runs on the database: no price can arrive then. */
  readonly join: () => Promise<PriceFeed | undefined>
  readonly output: Output
  readonly clock: Clock
  /** Ends the watch. */
  readonly signal: AbortSignal
}

const POLL_MS = 100
const RETRY_EVERY_MS = 500
const BATCH = 1_000

/**
 * Shows each price of the symbols as it is stored. It reads the log, so no price is missed between two polls. On a
 * terminal it updates a table in place; otherwise it prints a line for each price. When the service stops, it waits for
 * the next one.
 */
export async function watchPrices(needs: Needs, options: WatchOptions): Promise<void> {
  const { join, output, clock, signal } = needs
  const view = output.isTerminal && !options.json ? createTableView(needs, options) : createLineView(output, options)
  const notice = createNotice(output)
  let checkpoint: Checkpoint | undefined

  async function follow(feed: PriceFeed): Promise<void> {
    if (checkpoint === undefined) {
      checkpoint = createMemoryCheckpoint(await feed.logEnd())
      for (const text of unpolledTexts(await feed.readJobs(), options)) output.report(text)
      await view.start(await feed.readNewest(options.symbols))
    }
    notice(undefined)
    const follower = {
      ...checkpoint,
      readLog: feed.readLog,
      batchSize: BATCH,
      handle: (entries: readonly LogEntry[]) => view.show(entries.filter(matches(options))),
      waitForMore: async () => {
        await view.show([])
        await clock.sleep(POLL_MS, signal)
      },
      isPaced: true,
    }
    await followLogOnce(follower, signal)
  }

  while (!signal.aborted) {
    try {
      await using feed = await join()
      if (feed === undefined) notice('No service is running: start one to receive prices.')
      else await follow(feed)
    } catch (error) {
      notice(`Waiting for the database: ${error instanceof Error ? error.message : String(error)}`)
    }
    await clock.sleep(RETRY_EVERY_MS, signal)
  }
}

/** Symbols for which no price can be expected, each with the command that changes that. */
function unpolledTexts(jobs: readonly PolledSymbol[], { symbols, provider }: WatchOptions): string[] {
  return symbols.flatMap((symbol) => {
    const own = jobs.filter((job) => job.symbol === symbol && (provider ?? job.provider) === job.provider)
    const option = provider === undefined ? '' : ` --provider ${provider}`
    if (own.length === 0) {
      const from = provider === undefined ? '' : ` from ${provider}`
      return [`No job fetches ${symbol}${from}. To create one: market-data jobs add ${symbol} --every 1m${option}`]
    }
    if (own.some(({ status }) => status !== 'paused')) return []
    return [`The job of ${symbol} is paused. To resume it: market-data jobs resume ${symbol}${option}`]
  })
}

function matches({ symbols, provider }: WatchOptions): (entry: LogEntry) => boolean {
  const wanted = new Set(symbols)
  return (entry) => wanted.has(entry.symbol) && (provider ?? entry.provider) === entry.provider
}

/** Reports why we wait, once, after two attempts in a row: a service that is starting or stopping is not worth a line. */
function createNotice(output: Output): (message: string | undefined) => void {
  let previous: string | undefined
  let reported: string | undefined
  return (message) => {
    if (message === undefined) reported = undefined
    else if (message === previous && message !== reported) {
      reported = message
      output.report(message)
    }
    previous = message
  }
}

type View = {
  /** Shows the newest stored prices. */
  start(prices: readonly ShownPrice[]): Promise<void>
  show(entries: readonly LogEntry[]): Promise<void>
}

function createLineView({ write }: Output, { json }: WatchOptions): View {
  const textOf = json ? (entry: LogEntry) => jsonLine(priceEventBody(entry)) : lineOf
  return {
    start: () => Promise.resolve(),
    show: async (entries) => {
      if (entries.length > 0) await write(entries.map(textOf).join(''))
    },
  }
}

function lineOf({ eventTime, symbol, price, currency, provider }: LogEntry): string {
  return linesText([[sixDigits(eventTime), symbol, price, currency ?? '-', provider].join('  ')])
}

/** So that the ages stay current when no price arrives. */
const REDRAW_EVERY_MS = 1_000
const UP = (lines: number) => (lines === 0 ? '' : `\u001B[${lines}A`)
const CLEAR_BELOW = '\u001B[J'

function createTableView({ output, clock }: Needs, { symbols }: WatchOptions): View {
  const table = createWatchTable(symbols)
  let drawnLines = 0
  let drawnAt = 0

  async function draw(): Promise<void> {
    const lines = fitting(alignColumns(table.rows(clock.now(), output.paint)), output)
    // One write, so that nothing flickers. Lines must not wrap: the cursor moves up by the number of lines.
    await output.write(`${UP(drawnLines)}\r${CLEAR_BELOW}${linesText(lines)}`)
    drawnLines = lines.length
    drawnAt = clock.monotonic()
  }

  return {
    start: async (prices) => {
      for (const price of prices) table.put(price)
      await draw()
    },
    show: async (entries) => {
      for (const entry of entries) table.put(entry)
      if (entries.length > 0 || clock.monotonic() - drawnAt >= REDRAW_EVERY_MS) await draw()
    },
  }
}

/** The lines, cut to the terminal's size; the cursor needs a line of its own. */
function fitting(lines: readonly string[], { size }: Output): string[] {
  const { columns, rows } = size()
  return lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns))
}

/** Drops the colours of a line that is too long: half an escape sequence would colour everything after it. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length <= columns ? line : plain.slice(0, columns)
}
