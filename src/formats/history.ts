import { Type, type Static } from 'typebox'
import { priceFieldsOf, type PastPrice, type PriceLine } from '../core/prices/history.ts'
import { instantOfSqlTime, sixDigitsOfSqlTime } from '../lib/instant.ts'
import { csvField, csvLine } from './csv.ts'
import { ExactNumber, exactNumber, exactNumberText } from './json/exact-number.ts'
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

/** The JSON of a price, in the order of its schema: the same text as that of `historyPriceBody`, made without values. */
export function historyPriceText(line: PriceLine): string {
  const price = priceFieldsOf(line)
  const currency = price.currency === null ? 'null' : JSON.stringify(price.currency)
  return (
    `{"price_id":"${price.priceId}","timestamp":"${instantOfSqlTime(price.eventTime)}",` +
    `"price":${exactNumberText(price.price)},"currency":${currency},` +
    `"received_at":"${instantOfSqlTime(price.receivedAt)}","recorded_at":"${instantOfSqlTime(price.recordedAt)}",` +
    `"raw_response_id":"${price.rawResponseId}","revision":${price.revision},"correction":${price.isCorrection}}`
  )
}

/** The series that a row of a table belongs to. */
export type TableSource = { readonly symbol: string; readonly provider: string }

/** The header line of the CSV. */
export const HISTORY_CSV_HEADER = csvLine(['symbol', 'provider', ...Object.keys(HistoryPrice.properties)])

/** A line of CSV per price, without the header: the members of the JSON, with times that all have the same length. */
export function historyCsvLines(lines: readonly PriceLine[], { symbol, provider }: TableSource): string {
  const source = `${csvField(symbol)},${csvField(provider)}`
  let table = ''
  for (const line of lines) {
    const price = priceFieldsOf(line)
    table +=
      `${source},${price.priceId},${sixDigitsOfSqlTime(price.eventTime)},${exactNumberText(price.price)},${csvField(price.currency)},` +
      `${sixDigitsOfSqlTime(price.receivedAt)},${sixDigitsOfSqlTime(price.recordedAt)},` +
      `${price.rawResponseId},${price.revision},${price.isCorrection}\n`
  }
  return table
}
