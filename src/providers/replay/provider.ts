import { basename } from 'node:path'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import type { QuoteProvider } from '../../core/prices/quote.ts'
import type { CsvLine } from '../csv/lines.ts'
import type { CsvOptions } from '../csv/options.ts'
import { fieldsOf, openCsvReader } from '../csv/reader.ts'
import { createReadRow } from '../csv/rows.ts'
import { openCsvSource, type CsvSource } from '../csv/source.ts'
import type { ReplyParser } from '../transport/provider-definition.ts'
import { localReply, parseLocalReply, type LocalQuote } from '../transport/local-reply.ts'

type Needs = {
  /** A CSV file of any kind that `market-data import` reads. */
  readonly file: string
  /** How it is read, beyond what is recognised. */
  readonly options?: CsvOptions
  /** Seconds of the file that pass in one second. */
  readonly speed: number
  readonly clock: Clock
}

type Row = { readonly atMs: number; readonly quote: LocalQuote }

const PARSER_VERSION = 1

export const replayParser: ReplyParser = { parserVersion: PARSER_VERSION, parseReply: parseLocalReply }

const MAX_MISTAKES_SHOWN = 10
/** Lines that are parsed at once. */
const BATCH = 1_000

/**
 * Replays a file of real prices, each with its own timestamp. The oldest price is current at once, the others follow at the
 * chosen speed. The replay starts over with each process.
 * @throws ServiceError `invalid_request` that names the first invalid lines
 */
export async function createReplay({ file, options = {}, speed, clock }: Needs): Promise<QuoteProvider> {
  const { rows, first } = await readPrices(file, options)
  const startedAt = clock.monotonic()
  const note = `Replayed from ${basename(file)} at ${speed} times real time.`
  return {
    name: 'replay',
    ...replayParser,
    description: `Real prices of the past, replayed from ${basename(file)}.`,
    maxBatch: 500,
    advisedIntervalSeconds: 1,
    fetchReply: async (symbols, signal) => {
      signal.throwIfAborted()
      const reached = first + (clock.monotonic() - startedAt) * speed
      const quotes = symbols.flatMap((symbol) => currentRow(symbol, rows.get(symbol), reached))
      const request = { symbols, request: `replay ${symbols.join(',')}`, parserVersion: PARSER_VERSION }
      return localReply({ provider: 'replay', note, quotes }, request, clock)
    },
  }
}

function currentRow(symbol: string, rows: readonly Row[] | undefined, reachedMs: number): LocalQuote[] {
  if (rows === undefined) return []
  const row = rows.findLast(({ atMs }) => atMs <= reachedMs)
  return [row?.quote ?? { symbol, price: null, timestamp: null, currency: null }]
}

type Prices = { readonly rows: ReadonlyMap<string, readonly Row[]>; readonly first: number }

async function readPrices(file: string, options: CsvOptions): Promise<Prices> {
  await using source = await openCsvSource(file)
  const { rows, mistakes } = await readRows(source, options)
  if (mistakes.length > 0) throw badFile(file, mistakes.slice(0, MAX_MISTAKES_SHOWN).join('; '))
  rows.sort((a, b) => a.atMs - b.atMs)
  const [oldest] = rows
  if (!oldest) throw badFile(file, 'it contains no prices')
  return { rows: Map.groupBy(rows, ({ quote }) => quote.symbol), first: oldest.atMs }
}

async function readRows(source: CsvSource, options: CsvOptions) {
  const { dialect, lines } = await openCsvReader(source, options)
  const readRow = createReadRow(dialect, options, false)
  const [rows, mistakes]: [Row[], string[]] = [[], []]
  const read = (batch: readonly CsvLine[]) => {
    for (const [at, fields] of fieldsOf(batch, dialect).entries()) {
      const quote = readRow(fields)
      if ('why' in quote) mistakes.push(`line ${batch[at]?.number}: ${quote.why}`)
      else rows.push({ atMs: Date.parse(quote.timestamp), quote })
    }
  }
  let batch: CsvLine[] = []
  for await (const line of lines) {
    if (batch.push(line) < BATCH) continue
    read(batch)
    batch = []
  }
  read(batch)
  return { rows, mistakes }
}

function badFile(file: string, why: string): ServiceError {
  return new ServiceError('invalid_request', `The replay file ${basename(file)} cannot be used: ${why}.`)
}
