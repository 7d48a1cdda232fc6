import { stripVTControlCharacters } from 'node:util'
import type { Clock } from '../../lib/clock.ts'
import type { LogEntry, ReadLog } from '../../core/log/entry.ts'
import { createMemoryCheckpoint, followLogOnce, type Checkpoint } from '../../core/log/follow.ts'
import type { LogPosition } from '../../core/log/position.ts'
import { jsonLine } from '../../formats/json-line.ts'
import { priceEventBody } from '../../formats/price-event.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'
import { createWatchTable, type ShownPrice } from './watch-table.ts'

export type WatchOptions = {
  readonly symbols: readonly string[]
  readonly provider?: string | undefined
  readonly json?: boolean | undefined
}

/** The prices of a database that is there now. */
export type PriceFeed = AsyncDisposable & {
  readonly readLog: ReadLog
  readonly logEnd: () => Promise<LogPosition>
  /** The newest price of each symbol from each provider. */
  readonly readNewest: (symbols: readonly string[]) => Promise<readonly ShownPrice[]>
}

type Needs = {
  /** Undefined while no service holds the database: nothing can arrive then. */
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
 * Shows each price of the symbols as it is stored, read from the log, so none is missed between two looks: a line a
 * symbol that changes in place on a terminal, a line a price elsewhere. Outlives the service and finds the next one.
 */
export async function watchPrices(needs: Needs, options: WatchOptions): Promise<void> {
  const { join, output, clock, signal } = needs
  const view = output.isTerminal && !options.json ? createBoardView(needs, options) : createLineView(output, options)
  const notice = createNotice(output)
  let checkpoint: Checkpoint | undefined

  async function follow(feed: PriceFeed): Promise<void> {
    if (checkpoint === undefined) {
      checkpoint = createMemoryCheckpoint(await feed.logEnd())
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
      if (feed === undefined) notice('No service runs here: prices arrive once one is started.')
      else await follow(feed)
    } catch (error) {
      notice(`Waiting for the database (${error instanceof Error ? error.message : String(error)}).`)
    }
    await clock.sleep(RETRY_EVERY_MS, signal)
  }
}

function matches({ symbols, provider }: WatchOptions): (entry: LogEntry) => boolean {
  const wanted = new Set(symbols)
  return (entry) => wanted.has(entry.symbol) && (provider ?? entry.provider) === entry.provider
}

/** Says why we wait, once, when it is so at two looks in a row: what a service does while it starts or ends is no news. */
function createNotice(output: Output): (message: string | undefined) => void {
  let [before, said]: (string | undefined)[] = []
  return (message) => {
    if (message === undefined) said = undefined
    else if (message === before && message !== said) output.say((said = message))
    before = message
  }
}

type View = {
  /** What is known already. */
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
  return linesText([[eventTime, symbol, price, currency ?? '-', provider].join('  ')])
}

/** The ages go on by themselves. */
const REDRAW_EVERY_MS = 1_000
const UP = (lines: number) => (lines === 0 ? '' : `\u001B[${lines}A`)
const CLEAR_BELOW = '\u001B[J'

function createBoardView({ output, clock }: Needs, { symbols }: WatchOptions): View {
  const board = createWatchTable(symbols)
  let [drawnLines, drawnAt] = [0, 0]

  async function draw(): Promise<void> {
    const lines = fitting(alignColumns(board.rows(clock.now(), output.paint)), output)
    // In one write, so that nothing flickers. Lines never wrap: else there would be more of them than we go up.
    await output.write(`${UP(drawnLines)}\r${CLEAR_BELOW}${linesText(lines)}`)
    drawnLines = lines.length
    drawnAt = clock.now()
  }

  return {
    start: async (prices) => {
      for (const price of prices) board.put(price)
      await draw()
    },
    show: async (entries) => {
      for (const entry of entries) board.put(entry)
      if (entries.length > 0 || clock.now() - drawnAt >= REDRAW_EVERY_MS) await draw()
    },
  }
}

/** As many lines, and as much of each, as the terminal has room for below the cursor's own line. */
function fitting(lines: readonly string[], { size }: Output): string[] {
  const { columns, rows } = size()
  return lines.slice(0, Math.max(1, rows - 1)).map((line) => cut(line, columns))
}

/** Uncoloured where it is too long: an escape sequence that is cut in two would colour all that follows. */
function cut(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line)
  return plain.length <= columns ? line : plain.slice(0, columns)
}
