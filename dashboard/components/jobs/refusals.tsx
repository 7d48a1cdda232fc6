import type { Signal } from '@preact/signals'
import type { RefusedSymbol } from '../../api/schemas.ts'

type Props = {
  readonly refused: Signal<readonly RefusedSymbol[]>
  readonly onChoose: (symbol: string) => void
}

/** The symbols that were refused, each with what the person may have meant. */
export function Refusals({ refused, onChoose }: Props) {
  if (refused.value.length === 0) return null
  return (
    <ul class="refusals failure" role="alert" aria-label="Refused symbols">
      {refused.value.map(({ symbol, detail, suggestions }) => (
        <li key={symbol}>
          {detail.includes(symbol) || symbol === '' ? detail : `${symbol}: ${detail}`}
          {suggestions.map((suggestion) => (
            <button key={suggestion.symbol} type="button" onClick={() => onChoose(suggestion.symbol)}>
              {suggestion.symbol}
            </button>
          ))}
        </li>
      ))}
    </ul>
  )
}
