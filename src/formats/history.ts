import { stringify } from 'csv-stringify/sync'
import { Type, type Static } from 'typebox'
import type { PastPrice } from '../core/prices/history.ts'
import { sixDigits } from '../lib/instant.ts'
import { ExactNumber, exactNumber } from './json/exact-number.ts'
import { id, orNull, timestamp } from './json/fields.ts'

export const HistoryPrice = Type.Object(
  {
    price_id: id('See /prices/{id}/lineage.'),
    timestamp: timestamp('When the price was quoted.'),
    price: ExactNumber,
    currency: orNull(Type.String(), { examples: ['USD'] }),
    received_at: timestamp('When the service first received it.'),
    recorded_at: timestamp('When it was stored.'),
    raw_response_id: id('See /raw-responses/{id}.'),
    revision: Type.Integer({
      description: 'Starts at 1; a higher revision of the same timestamp supersedes the lower ones.',
      examples: [1],
    }),
    correction: Type.Boolean({ description: 'The provider changed this price after it had quoted a newer one.' }),
  },
  { title: 'HistoryPrice' },
)

/** The response as CSV, for its documentation. */
export const HistoryCsv = Type.String({
  description:
    'A header, then one line per price: `symbol`, `provider`, and the members of the JSON. Times always have six fraction ' +
    'digits. `market-data import` reads it.',
})

export function historyPriceBody(price: PastPrice): Static<typeof HistoryPrice> {
  return {
    price_id: price.priceId,
    timestamp: price.eventTime,
    price: exactNumber(price.price),
    currency: price.currency,
    received_at: price.receivedAt,
    recorded_at: price.recordedAt,
    raw_response_id: price.rawResponseId,
    revision: price.revision,
    correction: price.correction,
  }
}

/** The series that a price of a table belongs to. */
export type HistorySource = { readonly symbol: string; readonly provider: string }

const COLUMNS = ['symbol', 'provider', ...Object.keys(HistoryPrice.properties)]

/** The header line of the CSV. */
export const HISTORY_CSV_HEADER = stringify([COLUMNS])

/** A line of CSV per price, without the header. */
export function historyCsvLines(prices: readonly PastPrice[], { symbol, provider }: HistorySource): string {
  const rows = prices.map((price) => ({ symbol, provider, ...csvRow(price) }))
  return stringify(rows, { columns: COLUMNS, cast: { boolean: String } })
}

/** As in the JSON, except for the price, which is its own text, and for the times, which all have the same length. */
function csvRow(price: PastPrice) {
  return {
    ...historyPriceBody(price),
    price: price.price,
    timestamp: sixDigits(price.eventTime),
    received_at: sixDigits(price.receivedAt),
    recorded_at: sixDigits(price.recordedAt),
  }
}
