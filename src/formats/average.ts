import { Type, type Static } from 'typebox'
import { averageFieldsOf, type AverageInput, type AverageLine, type MovingAverage } from '../core/averages/average.ts'
import { instantOfSqlTime, sixDigitsOfSqlTime } from '../lib/instant.ts'
import { csvField, csvLine } from './csv.ts'
import type { TableSource } from './history.ts'
import { ExactNumber, exactNumber, exactNumberText } from './json/exact-number.ts'
import { id, orNull, timestamp } from './json/fields.ts'

const Input = Type.Object({
  price_id: id('Id of the price.'),
  timestamp: timestamp('When the price was quoted.'),
  price: ExactNumber,
})

export const AverageBody = Type.Object(
  {
    timestamp: timestamp('Timestamp of the newest price in the window.'),
    average: ExactNumber,
    window: Type.Integer({ description: 'The number of prices averaged.', examples: [5] }),
    currency: orNull(Type.String(), { examples: ['USD'] }),
    computed_at: timestamp('When this value was computed.'),
    inputs: Type.Optional(Type.Array(Input, { description: 'Oldest first.' })),
  },
  { title: 'MovingAverage' },
)

export const LatestAverage = Type.Object(
  { symbol: Type.String({ examples: ['AAPL'] }), provider: Type.String(), ...AverageBody.properties },
  { title: 'LatestMovingAverage', description: 'The newest average of the series.' },
)

export function averageBody({ inputs, ...average }: MovingAverage): Static<typeof AverageBody> {
  return {
    timestamp: average.eventTime,
    average: exactNumber(average.average),
    window: average.window,
    currency: average.currency,
    computed_at: average.computedAt,
    ...(inputs && { inputs: inputs.map(inputBody) }),
  }
}

export function latestAverageBody(
  average: MovingAverage,
  { symbol, provider }: { readonly symbol: string; readonly provider: string },
): Static<typeof LatestAverage> {
  return { symbol, provider, ...averageBody(average) }
}

function inputBody({ priceId, eventTime, price }: AverageInput): Static<typeof Input> {
  return { price_id: priceId, timestamp: eventTime, price: exactNumber(price) }
}

/** The JSON of an average without inputs, in the order of its schema: the same text as that of `averageBody`, made without values. */
export function averageText(line: AverageLine, window: number): string {
  const { eventTime, average, computedAt, currency } = averageFieldsOf(line)
  return (
    `{"timestamp":"${instantOfSqlTime(eventTime)}","average":${exactNumberText(average)},"window":${window},` +
    `"currency":${currency === null ? 'null' : JSON.stringify(currency)},"computed_at":"${instantOfSqlTime(computedAt)}"}`
  )
}

const { inputs: _inputs, ...TableMembers } = AverageBody.properties

/** The response as CSV, for its documentation. */
export const AveragesCsv = Type.String({
  description:
    'A header, then one line per average: `symbol`, `provider`, and the members of the JSON without `inputs`. Times always ' +
    'have six fraction digits.',
})

/** The header line of the CSV. */
export const AVERAGES_CSV_HEADER = csvLine(['symbol', 'provider', ...Object.keys(TableMembers)])

/** A line of CSV per average, without the header. */
export function averagesCsvLines(
  lines: readonly AverageLine[],
  { symbol, provider, window }: TableSource & { readonly window: number },
): string {
  const source = `${csvField(symbol)},${csvField(provider)}`
  let table = ''
  for (const line of lines) {
    const { eventTime, average, computedAt, currency } = averageFieldsOf(line)
    table +=
      `${source},${sixDigitsOfSqlTime(eventTime)},${exactNumberText(average)},${window},${csvField(currency)},` +
      `${sixDigitsOfSqlTime(computedAt)}\n`
  }
  return table
}
