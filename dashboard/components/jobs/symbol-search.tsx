import { useSignal, useSignalEffect, type ReadonlySignal, type Signal } from '@preact/signals'
import type { Provider, Symbol as SymbolEntry } from '../../api/schemas.ts'
import { searchSymbols, type Found } from '../../state/symbols/meaning.ts'

type Props = {
  readonly symbol: Signal<string>
  readonly provider: ReadonlySignal<Provider | undefined>
  /** The text of the suggestion that was taken last: nothing has to be suggested for it. */
  readonly taken: ReadonlySignal<string>
  readonly describedBy: string
  /** Gets what the search has to report: that it is in progress, or why there are no suggestions. */
  readonly notice: Signal<string>
  readonly onChoose: (match: SymbolEntry) => void
}

const AFTER_TYPING_MS = 200

/** A field for symbols that suggests matches of the one that is typed last. */
export function SymbolSearch({ symbol, provider, taken, describedBy, notice, onChoose }: Props) {
  const matches = useSignal<readonly SymbolEntry[]>([])
  const active = useSignal(-1)
  const isOpen = useSignal(false)
  useSearch({ symbol, taken, provider, isOpen, matches, notice, active })

  const choose = (match: SymbolEntry | undefined) => {
    if (match) onChoose(match)
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
      <label for="job-symbol">Symbols</label>
      <input
        id="job-symbol"
        role="combobox"
        aria-expanded={isShown}
        aria-controls="symbol-matches"
        aria-autocomplete="list"
        aria-activedescendant={isShown && active.value >= 0 ? `symbol-match-${active.value}` : undefined}
        aria-describedby={describedBy}
        autocomplete="off"
        spellcheck={false}
        required
        placeholder="AAPL, or a name"
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
    </div>
  )
}

type Search = Omit<Props, 'describedBy' | 'onChoose'> & {
  readonly isOpen: Signal<boolean>
  readonly matches: Signal<readonly SymbolEntry[]>
  readonly active: Signal<number>
}

/** Searches after a pause in typing, and cancels the search before. */
function useSearch({ symbol, taken, provider, isOpen, matches, notice, active }: Search): void {
  useSignalEffect(() => {
    const text =
      symbol.value
        .split(/[,;\n]/)
        .at(-1)
        ?.trim() ?? ''
    const from = provider.value?.provider
    active.value = -1
    if (text === '' || !isOpen.value || symbol.value === taken.value) {
      matches.value = []
      return undefined
    }
    const stop = new AbortController()
    let shown = ''
    const show = (reported: string) => (shown = notice.value = reported)
    const suggest = async () => {
      show('Searching…')
      const found = await searchSymbols(text, from, stop.signal)
      if (stop.signal.aborted) return
      matches.value = found.matches
      show(noticeOf(text, found))
    }
    const timer = setTimeout(() => void suggest(), AFTER_TYPING_MS)
    return () => {
      clearTimeout(timer)
      stop.abort()
      // The form may have reported something else since.
      if (notice.peek() === shown) notice.value = ''
    }
  })
}

function noticeOf(text: string, { matches, problem }: Found): string {
  if (problem) return `No suggestions: ${problem} You can still type a symbol.`
  return matches.length === 0 ? `Nothing is found for “${text}”.` : ''
}

function describe({ name, exchange, kind, is_stored }: SymbolEntry): string {
  return [name, exchange, kind, is_stored ? 'stored' : null].filter(Boolean).join(' · ')
}
