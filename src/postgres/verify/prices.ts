import type pg from 'pg'
import type { Difference } from '../../core/health/verification.ts'
import { compareDecimals, type Decimal } from '../../lib/decimal.ts'
import { parseInstant, type Instant } from '../../lib/instant.ts'
import type { Quote, QuoteProvider, RawReply } from '../../core/prices/quote.ts'
import { undamagedBody, type StoredBody } from '../ingest/raw-replies.ts'
import { readByCursor } from '../connection/cursor.ts'
import type { Tally } from './tally.ts'

/** The parser of a provider's replies; undefined for an unknown provider. */
export type ParserOf = (provider: string) => Pick<QuoteProvider, 'parserVersion' | 'parseReply'> | undefined

/** A stored price with the names of its series. */
type Price = Pick<Quote, 'symbol' | 'currency' | 'provider' | 'price'> & { readonly eventTime: string }
/** A reply with the prices that came from it; only the prices if the reply is not `known`. */
type Row = { readonly prices: readonly Price[]; readonly known: boolean } & Omit<RawReply, 'body'> &
  StoredBody & { readonly sha256: Buffer }

type Work = { readonly tally: Tally; readonly signal: AbortSignal }

/** Few, since a reply may have megabytes. */
const PAGE = 20

/** Parses every stored reply again, and compares its prices with those that refer to it. */
export async function verifyPrices(client: pg.ClientBase, parserOf: ParserOf, { tally, signal }: Work): Promise<void> {
  for await (const row of readByCursor<Row>(client, REPLIES_WITH_PRICES, { page: PAGE, signal })) {
    const quotes = parseAgain(row, parserOf)
    if (quotes === 'another version') {
      tally.count('otherParserVersion', row.prices.length)
      continue
    }
    tally.count('checkedPrices', row.prices.length)
    for (const price of row.prices) {
      const found = typeof quotes === 'string' ? { expected: null, reason: quotes } : compare(price, quotes)
      if (found) await tally.differ(() => describe(price, found))
    }
  }
}

const REPLIES_WITH_PRICES = `
  with parsed as (
    select p.raw_response_id as id, json_agg(json_build_object('symbol', s.symbol, 'provider', s.provider,
             'currency', s.currency, 'price', p.price::text, 'eventTime', p.event_time) order by p.id) as prices
      from prices p join series s on s.id = p.series_id
     group by p.raw_response_id
  )
  select parsed.prices, r.id is not null and b.sha256 is not null as known, r.provider, r.symbols, r.request, r.status,
         r.parser_version as "parserVersion", r.received_at as "receivedAt", r.sha256, b.encoding, b.body
    from parsed
    left join raw_responses r on r.id = parsed.id
    left join raw_bodies b on b.sha256 = r.sha256`

type Unreadable = 'another version' | 'its reply is not stored' | 'its reply is damaged' | 'its reply cannot be read'

function parseAgain(row: Row, parserOf: ParserOf): readonly Quote[] | Unreadable {
  if (!row.known) return 'its reply is not stored'
  const body = undamagedBody(row)
  if (body === undefined) return 'its reply is damaged'
  const parser = parserOf(row.provider)
  if (parser?.parserVersion !== row.parserVersion) return 'another version'
  try {
    const results = parser.parseReply({ ...row, body })
    return results.flatMap((result) => ('quote' in result ? [result.quote] : []))
  } catch {
    return 'its reply cannot be read'
  }
}

type Found = { readonly expected: Decimal | null; readonly reason: string }

function compare(price: Price, quotes: readonly Quote[]): Found | undefined {
  const eventTime = instantOf(price)
  const same = quotes.filter(
    (quote) => quote.symbol === price.symbol && quote.currency === price.currency && quote.eventTime === eventTime,
  )
  if (same.some((quote) => compareDecimals(quote.price, price.price) === 0)) return undefined
  const expected = same[0]?.price ?? null
  return { expected, reason: expected === null ? 'its reply does not contain it' : 'its reply has a different price' }
}

function describe(price: Price, found: Found): Difference {
  const { provider, symbol, currency, price: stored } = price
  return { kind: 'price', provider, symbol, currency, timestamp: instantOf(price), stored, ...found }
}

function instantOf({ eventTime }: Price): Instant {
  const instant = parseInstant(eventTime)
  if (instant === undefined) throw new Error(`not a time: ${eventTime}`)
  return instant
}
