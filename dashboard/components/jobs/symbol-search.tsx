import { useSignal, useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals'
import { request, RequestError } from '../../api/client.ts'
import type { Provider, Symbol as SymbolEntry } from '../../api/schemas.ts'

type Props = {
  readonly symbol: Signal<string>
  readonly provider: ReadonlySignal<Provider | undefined>
  readonly describedBy: string
}

const AFTER_TYPING_MS = 200
const MAX_MATCHES = 8

/** A field for a symbol that suggests matches but accepts any text. */
export function SymbolSearch({ symbol, provider, describedBy }: Props) {
  const matches = useSignal<readonly SymbolEntry[]>([])
  const active = useSignal(-1)
  const isOpen = useSignal(false)
  const problem = useSignal('')
  useSearch({ symbol, provider, isOpen, matches, problem, active })

  const choose = (match: SymbolEntry | undefined) => {
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
      <label for="job-symbol">Symbol</label>
      <input
        id="job-symbol"
        role="combobox"
        aria-expanded={isShown}
        aria-controls="symbol-matches"
        aria-autocomplete="list"
        aria-activedescendant={isShown && active.value >= 0 ? `symbol-match-${active.value}` : undefined}
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
      <ul id="symbol-matches" role="listbox" aria-label="Matching symbols" hidden={!isShown}>
        {matches.value.map((match, at) => (
          <li
            key={`${match.symbol} ${match.provider}`}
            id={`symbol-match-${at}`}
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
      {problem.value && <p class="advice">{problem}</p>}
    </div>
  )
}

type Search = Omit<Props, 'describedBy'> & {
  readonly isOpen: Signal<boolean>
  readonly matches: Signal<readonly SymbolEntry[]>
  readonly problem: Signal<string>
  readonly active: Signal<number>
}

/** Searches after a pause in typing, and cancels the search before. */
function useSearch({ symbol, provider, isOpen, matches, problem, active }: Search): void {
  useSignalEffect(() => {
    const text = symbol.value.trim()
    const from = provider.value?.provider
    active.value = -1
    if (text === '' || !isOpen.value) {
      matches.value = []
      problem.value = ''
      return undefined
    }
    const stop = new AbortController()
    const suggest = async () => {
      const found = await search({ text, provider: from, signal: stop.signal })
      if (stop.signal.aborted) return
      matches.value = found.matches
      problem.value = found.problem
    }
    const timer = setTimeout(() => void suggest(), AFTER_TYPING_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  })
}

type SearchRequest = { readonly text: string; readonly provider: string | undefined; readonly signal: AbortSignal }

/** A failed search must not keep a person from typing. */
async function search({ text, provider, signal }: SearchRequest) {
  try {
    const query = { q: text, provider, limit: MAX_MATCHES }
    const { data, provider_error } = await request('GET /symbols', { query, signal })
    return { matches: data, problem: provider_error ? problemText(provider_error.detail) : '' }
  } catch (error) {
    return { matches: [], problem: error instanceof RequestError ? problemText(error.message) : '' }
  }
}

function problemText(detail: string): string {
  return `No suggestions: ${detail} You can still type a symbol.`
}

function describe({ name, exchange, kind, is_stored }: SymbolEntry): string {
  return [name, exchange, kind, is_stored ? 'stored' : null].filter(Boolean).join(' · ')
}
