import { Type, type Static } from 'typebox'
import type { AverageInput, MovingAverage } from '../core/averages/average.ts'
import { ExactNumber, exactNumber } from './json/exact-number.ts'
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
