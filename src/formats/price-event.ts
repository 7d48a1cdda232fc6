import type { LogEntry } from '../core/log/entry.ts'
import { positionText, type LogPosition } from '../core/log/position.ts'
import { exactNumber } from './exact-number.ts'

/** An entry of the log as it goes out to everybody, written once. */
export type PriceEvent = {
  readonly position: LogPosition
  readonly symbol: string
  readonly provider: string
  /** The lines of a server-sent event. */
  readonly text: string
}

/** The five members of a `price-events` message in their order, and which price it is. */
export function toPriceEvent({ position, ...entry }: LogEntry): PriceEvent {
  const data = JSON.stringify({
    symbol: entry.symbol,
    price: exactNumber(entry.price),
    timestamp: entry.eventTime,
    provider: entry.provider,
    raw_response_id: entry.rawResponseId,
    price_id: entry.priceId,
  })
  const text = `id: ${positionText(position)}\nevent: price\ndata: ${data}\n\n`
  return { position, symbol: entry.symbol, provider: entry.provider, text }
}
