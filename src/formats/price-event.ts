import { Type } from 'typebox'
import type { LogEntry } from '../core/log/entry.ts'
import { positionText, type LogPosition } from '../core/log/position.ts'
import { SYMBOL_PATTERN } from '../lib/symbol.ts'
import { exactNumber } from './json/exact-number.ts'

/** The value of a message on Kafka: these five members in this order. Further members of other senders are ignored. */
export const PriceMessage = Type.Object(
  {
    symbol: Type.String({
      pattern: `^${SYMBOL_PATTERN}$`,
      description: 'Canonical symbol, the same as the key.',
      examples: ['AAPL'],
    }),
    price: Type.Number({
      exclusiveMinimum: 0,
      description: 'As quoted, digit for digit: keep its text, a float may lose digits.',
      examples: [196.45],
    }),
    timestamp: Type.String({
      format: 'date-time',
      description: 'When the price was quoted, by the provider’s clock; UTC, up to 6 fraction digits.',
      examples: ['2025-06-15T20:30:27.283671Z'],
    }),
    provider: Type.String({
      pattern: '^[A-Za-z0-9._-]{1,64}$',
      description: 'The provider that quoted the price.',
      examples: ['yfinance'],
    }),
    raw_response_id: Type.String({
      pattern: '^[0-9]{1,18}$',
      description: 'The stored response that the price was read from.',
      examples: ['1'],
    }),
  },
  { title: 'PriceMessage' },
)

/** For the documentation of the topic. */
export const PRICE_MESSAGE_EXAMPLE = {
  symbol: 'AAPL',
  price: 196.45,
  timestamp: '2025-06-15T20:30:27.283671Z',
  provider: 'yfinance',
  raw_response_id: '1',
}

/** A value of `PriceMessage`; the price keeps its digits. */
export function priceMessageBody(entry: LogEntry) {
  return {
    symbol: entry.symbol,
    price: exactNumber(entry.price),
    timestamp: entry.eventTime,
    provider: entry.provider,
    raw_response_id: entry.rawResponseId,
  }
}

/** The members of a message, the id of the price and its currency: what streams and `watch --json` show. */
export function priceEventBody(entry: LogEntry) {
  return { ...priceMessageBody(entry), price_id: entry.priceId, currency: entry.currency }
}

/** The response of a stream, for its documentation. */
export const PriceEvents = Type.String({
  description: 'Events named `price`; `data` is JSON with the members of a price event, `id` is a position in the log.',
  examples: [
    'id: 1-763-17\nevent: price\ndata: {"symbol":"AAPL","price":196.45,"timestamp":"2025-06-15T20:30:27.283671Z",' +
      '"provider":"yfinance","raw_response_id":"1","price_id":"17"}\n\n',
  ],
})

/** A log entry as every reader of a stream gets it, serialised once for all of them. */
export type PriceEvent = {
  readonly position: LogPosition
  readonly symbol: string
  readonly provider: string
  /** The lines of a server-sent event. */
  readonly text: string
}

export function toPriceEvent(entry: LogEntry): PriceEvent {
  const { position, symbol, provider } = entry
  const data = JSON.stringify(priceEventBody(entry))
  return { position, symbol, provider, text: `id: ${positionText(position)}\nevent: price\ndata: ${data}\n\n` }
}
