import { stringify } from 'csv-stringify/sync'
import { Type, type Static } from 'typebox'
import type { PastPrice } from '../core/prices/history.ts'
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
  description: 'A header, then one line per price, with the members of the JSON.',
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

const COLUMNS = Object.keys(HistoryPrice.properties)

/** The header line of the CSV. */
export const HISTORY_CSV_HEADER = stringify([COLUMNS])

/** A line of CSV per price, without the header. */
export function historyCsvLines(prices: readonly PastPrice[]): string {
  return stringify(prices.map(csvRow), { columns: COLUMNS, cast: { boolean: String } })
}

/** As in the JSON, except for the price, which is its own text. */
function csvRow(price: PastPrice): object {
  return Object.assign(historyPriceBody(price), { price: price.price })
}
