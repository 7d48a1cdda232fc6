import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import type { QuoteProvider } from '../../core/prices/quote.ts'
import { readCsvRow, type CsvRow } from '../csv/row.ts'
import type { ReplyParser } from '../transport/provider-definition.ts'
import { localReply, parseLocalReply, type LocalQuote } from '../transport/local-reply.ts'

type Needs = {
  /** CSV with a header: `symbol,timestamp,price` and optionally `currency`; other columns are ignored. */
  readonly file: string
  /** Seconds of the file that pass in one second. */
  readonly speed: number
  readonly clock: Clock
}

type Row = { readonly atMs: number; readonly quote: LocalQuote }
type Line = { readonly record: CsvRow; readonly info: { readonly lines: number } }

const PARSER_VERSION = 1

export const replayParser: ReplyParser = { parserVersion: PARSER_VERSION, parseReply: parseLocalReply }

const MAX_MISTAKES_SHOWN = 10

/**
 * Replays a file of real prices, each with its own timestamp. The oldest price is current at once, the others follow at the
 * chosen speed. The replay starts over with each process.
 * @throws ServiceError `invalid_request` that names the first invalid lines
 */
export function createReplay({ file, speed, clock }: Needs): QuoteProvider {
  const { rows, first } = readRows(file)
  const startedAt = clock.now()
  const note = `Replayed from ${basename(file)} at ${speed} times real time.`
  return {
    name: 'replay',
    ...replayParser,
    description: `Real prices of the past, replayed from ${basename(file)}.`,
    maxBatch: 500,
    advisedIntervalSeconds: 1,
    fetchReply: async (symbols, signal) => {
      signal.throwIfAborted()
      const reached = first + (clock.now() - startedAt) * speed
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

function readRows(file: string): { rows: ReadonlyMap<string, readonly Row[]>; first: number } {
  const lines = readLines(file)
  const mistakes: string[] = []
  const rows = lines.flatMap((line) => {
    const row = rowOf(line.record)
    if (typeof row !== 'string') return [row]
    mistakes.push(`line ${line.info.lines}: ${row}`)
    return []
  })
  if (mistakes.length > 0) throw badFile(file, mistakes.slice(0, MAX_MISTAKES_SHOWN).join('; '))
  rows.sort((a, b) => a.atMs - b.atMs)
  const [oldest] = rows
  if (!oldest) throw badFile(file, 'it contains no prices')
  return { rows: Map.groupBy(rows, ({ quote }) => quote.symbol), first: oldest.atMs }
}

function readLines(file: string): readonly Line[] {
  try {
    const options = { columns: true, info: true, bom: true, trim: true, skip_empty_lines: true } as const
    return parse<Line>(readFileSync(file), options)
  } catch (error) {
    throw badFile(file, error instanceof Error ? error.message : 'it cannot be read')
  }
}

/** The row, or the reason why it is invalid. */
function rowOf(record: CsvRow): Row | string {
  const quote = readCsvRow(record)
  return typeof quote === 'string' ? quote : { atMs: Date.parse(quote.timestamp), quote }
}

function badFile(file: string, why: string): ServiceError {
  return new ServiceError('invalid_request', `The replay file ${basename(file)} cannot be used: ${why}.`)
}
