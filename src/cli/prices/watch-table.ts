import { compareDecimals, type Decimal } from '../../lib/decimal.ts'
import { compareInstants, millisOf, type Instant } from '../../lib/instant.ts'
import { roughly } from '../terminal/duration.ts'
import type { Output } from '../terminal/output.ts'

/** The part of a price that the table shows. */
export type ShownPrice = {
  readonly symbol: string
  readonly provider: string
  readonly currency: string | null
  readonly price: Decimal
  readonly eventTime: Instant
}

export type WatchTable = {
  /** Updates a row, unless it shows a newer price. */
  put(price: ShownPrice): void
  /** A row for each provider and currency of each symbol, in the order of the symbols; one row if it has no price. */
  rows(now: number, paint: Output['paint']): string[][]
}

type Line = ShownPrice & { readonly change: number }

/** The newest price of each symbol. */
export function createWatchTable(symbols: readonly string[]): WatchTable {
  const lines = new Map<string, Map<string, Line>>(symbols.map((symbol) => [symbol, new Map()]))
  return {
    put: ({ symbol, provider, currency, price, eventTime }) => {
      const ofSymbol = lines.get(symbol)
      const key = `${provider} ${currency ?? ''}`
      const before = ofSymbol?.get(key)
      if (before !== undefined && compareInstants(before.eventTime, eventTime) > 0) return
      const change = before === undefined ? 0 : compareDecimals(price, before.price)
      ofSymbol?.set(key, { symbol, provider, currency, price, eventTime, change })
    },
    rows: (now, paint) =>
      [...lines].flatMap(([symbol, ofSymbol]) =>
        ofSymbol.size === 0
          ? [[paint('bold', symbol), '', paint('dim', 'no price yet')]]
          : [...ofSymbol.values()].map((line) => rowOf(line, now, paint)),
      ),
  }
}

function rowOf({ symbol, provider, currency, price, eventTime, change }: Line, now: number, paint: Output['paint']) {
  const amount = `${price} ${currency ?? ''}`.trimEnd()
  const age = `${roughly(Math.max(0, now - millisOf(eventTime)))} ago`
  return [paint('bold', symbol), arrow(change, paint), amount, paint('dim', age), paint('dim', provider)]
}

function arrow(change: number, paint: Output['paint']): string {
  if (change === 0) return ' '
  return change > 0 ? paint('green', '▲') : paint('red', '▼')
}
