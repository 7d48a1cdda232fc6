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
  /** A CSV with a header: `symbol,timestamp,price` and, if known, `currency`; other columns are ignored. */
  readonly file: string
  /** How many seconds of the file pass in one second. */
  readonly speed: number
  readonly clock: Clock
}

type Row = { readonly atMs: number; readonly quote: LocalQuote }
type Line = { readonly record: CsvRow; readonly info: { readonly lines: number } }

const PARSER_VERSION = 1

export const replayParser: ReplyParser = { parserVersion: PARSER_VERSION, parseReply: parseLocalReply }

const MAX_MISTAKES_SHOWN = 10

/**
 * Plays a file of real prices: the first price is current now, the others as their time comes at the chosen speed,
 * each with its own time. Begins anew at each start.
 * @throws ServiceError `invalid_request` naming the first bad lines
 */
export function createReplay({ file, speed, clock }: Needs): QuoteProvider {
  const { rows, first } = readRows(file)
  const startedAt = clock.now()
  const note = `Replayed from ${basename(file)} at ${speed} times its speed.`
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
      const asked = { symbols, request: `replay ${symbols.join(',')}`, parserVersion: PARSER_VERSION }
      return localReply({ provider: 'replay', note, quotes }, asked, clock)
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
  if (!oldest) throw badFile(file, 'it holds no prices')
  return { rows: Map.groupBy(rows, ({ quote }) => quote.symbol), first: oldest.atMs }
}

function readLines(file: string): readonly Line[] {
  try {
    const options = { columns: true, info: true, bom: true, trim: true, skip_empty_lines: true } as const
    return parse(readFileSync(file), options) as unknown as Line[]
  } catch (error) {
    throw badFile(file, error instanceof Error ? error.message : 'it cannot be read')
  }
}

/** The row, or what is wrong with it. */
function rowOf(record: CsvRow): Row | string {
  const quote = readCsvRow(record)
  return typeof quote === 'string' ? quote : { atMs: Date.parse(quote.timestamp), quote }
}

function badFile(file: string, why: string): ServiceError {
  return new ServiceError('invalid_request', `The replay file ${basename(file)} cannot be used: ${why}.`)
}
