import { useSignal, useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Provider, SymbolMatch, SymbolMatches } from '../service/answers.ts'
import { ask, query, RequestError } from '../service/ask.ts'

type Props = {
  readonly symbol: Signal<string>
  readonly provider: ReadonlySignal<Provider | undefined>
  readonly describedBy: string
}

const AFTER_TYPING_MS = 200
const MAX_MATCHES = 8

/** A field for a symbol with suggestions below it; any other text may be typed too. */
export function SymbolSearch({ symbol, provider, describedBy }: Props) {
  const matches = useSignal<readonly SymbolMatch[]>([])
  const active = useSignal(-1)
  const isOpen = useSignal(false)
  const trouble = useSignal('')
  useSearch({ symbol, provider, isOpen, matches, trouble, active })

  const choose = (match: SymbolMatch | undefined) => {
    if (match) symbol.value = match.symbol
    isOpen.value = false
  }
  const onKey = (event: KeyboardEvent) => {
    const { length } = matches.value
    if (event.key === 'Escape') isOpen.value = false
    if (!isOpen.value || length === 0) return
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined)
      active.value = (active.value + step + length + (active.value < 0 && step < 0 ? 1 : 0)) % length
    if (event.key === 'Enter' && active.value >= 0) choose(matches.value[active.value])
    else if (step === undefined) return
    event.preventDefault()
  }
  const isShown = isOpen.value && matches.value.length > 0

  return (
    <div class="search">
      <label for="order-symbol">Symbol</label>
      <input
        id="order-symbol"
        role="combobox"
        aria-expanded={isShown}
        aria-controls="order-matches"
        aria-autocomplete="list"
        aria-activedescendant={isShown && active.value >= 0 ? `order-match-${active.value}` : undefined}
        aria-describedby={describedBy}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        required
        placeholder="AAPL"
        value={symbol}
        onInput={({ currentTarget }) => {
          symbol.value = currentTarget.value
          isOpen.value = true
        }}
        onKeyDown={onKey}
        onBlur={() => (isOpen.value = false)}
      />
      <ul id="order-matches" role="listbox" aria-label="Matching symbols" hidden={!isShown}>
        {matches.value.map((match, at) => (
          <li
            key={`${match.symbol} ${match.provider}`}
            id={`order-match-${at}`}
            role="option"
            aria-selected={at === active.value}
            onMouseDown={(event) => {
              event.preventDefault()
              choose(match)
            }}
          >
            <b>{match.symbol}</b> <span>{describe(match)}</span>
          </li>
        ))}
      </ul>
      {trouble.value && <p class="advice">{trouble}</p>}
    </div>
  )
}

type Search = Omit<Props, 'describedBy'> & {
  readonly isOpen: Signal<boolean>
  readonly matches: Signal<readonly SymbolMatch[]>
  readonly trouble: Signal<string>
  readonly active: Signal<number>
}

/** Asks a little after the typing, and forgets what was asked before. */
function useSearch({ symbol, provider, isOpen, matches, trouble, active }: Search): void {
  useSignalEffect(() => {
    const text = symbol.value.trim()
    const from = provider.value?.provider
    active.value = -1
    if (text === '' || !isOpen.value) {
      matches.value = []
      trouble.value = ''
      return undefined
    }
    const stop = new AbortController()
    const suggest = async () => {
      const found = await search({ text, provider: from, signal: stop.signal })
      if (stop.signal.aborted) return
      matches.value = found.matches
      trouble.value = found.trouble
    }
    const timer = setTimeout(() => void suggest(), AFTER_TYPING_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  })
}

type Question = { readonly text: string; readonly provider: string | undefined; readonly signal: AbortSignal }

/** A search that fails keeps nobody from typing. */
async function search({ text, provider, signal }: Question) {
  try {
    const path = `/symbols${query({ q: text, provider, limit: MAX_MATCHES })}`
    const { data, provider_error } = await ask<SymbolMatches>(path, { signal })
    return { matches: data, trouble: provider_error ? troubleText(provider_error.detail) : '' }
  } catch (error) {
    return { matches: [], trouble: error instanceof RequestError ? troubleText(error.message) : '' }
  }
}

function troubleText(detail: string): string {
  return `No suggestions: ${detail} The symbol can still be typed.`
}

function describe({ name, exchange, kind, is_stored }: SymbolMatch): string {
  return [name, exchange, kind, is_stored ? 'stored here' : null].filter(Boolean).join(' · ')
}
