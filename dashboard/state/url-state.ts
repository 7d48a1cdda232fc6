import { batch, effect } from '@preact/signals'
import { canonicalSymbol } from '../../src/lib/symbol.ts'
import { queryText } from '../api/client.ts'
import { keyOf, selected, selectedKey, sought } from './market/rows.ts'
import { resolveLinks } from './link.ts'
import { chosenWindow, range, TIME_RANGES } from './view.ts'

/** Keeps what is shown in the URL, so that a reload, a bookmark, a shared link and the Back button show it again. */
export function startUrlState(): void {
  readUrl()
  addEventListener('popstate', readUrl)
  resolveLinks()
  effect(writeUrl)
  effect(writeTitle)
}

function readUrl(): void {
  const query = new URLSearchParams(location.search)
  const symbol = symbolIn(query)
  const provider = query.get('provider') ?? undefined
  batch(() => {
    range.value = TIME_RANGES.find((one) => one === query.get('range')) ?? 'latest'
    chosenWindow.value = Number(query.get('average')) || undefined
    if (symbol && provider && selectedKey.peek() === keyOf({ symbol, provider })) return
    selectedKey.value = undefined
    sought.value = symbol ? { symbol, provider, isMissing: false } : undefined
  })
}

/** As the service names it: in pairs such as `USDGBp=X` the case counts. Text that is no symbol is shown as missing. */
function symbolIn(query: URLSearchParams): string | undefined {
  const text = query.get('symbol')?.trim()
  try {
    return text && canonicalSymbol(text)
  } catch {
    return text?.toUpperCase()
  }
}

/**
 * Another symbol is another entry in the browser's history; another range or average is not, nor is the symbol with which a
 * page without one was opened: Back has to find it again.
 */
function writeUrl(): void {
  const view = { range: range.value === 'latest' ? undefined : range.value, average: chosenWindow.value }
  const name = nameInUrl()
  const text = queryText({ ...name, ...view })
  const url = location.pathname + (text === '?' ? '' : text) + location.hash
  const before = new URLSearchParams(location.search)
  const isOther = name.symbol !== undefined && isAnother(before, name)
  if (url === location.pathname + location.search + location.hash) return
  if (isOther) history.pushState(null, '', url)
  else history.replaceState(null, '', url)
}

type Name = { readonly symbol?: string | undefined; readonly provider?: string | undefined }

/** A link stays as it is while its symbol is not found. */
function nameInUrl(): Name {
  const [symbol, provider] = selectedKey.value?.split(' ') ?? []
  return sought.value ? { symbol: sought.value.symbol, provider: sought.value.provider } : { symbol, provider }
}

function isAnother(before: URLSearchParams, { symbol, provider }: Name): boolean {
  if (!before.has('symbol')) return false
  return symbolIn(before) !== symbol || (before.get('provider') ?? provider) !== provider
}

/** A tab is found by its symbol, and its price can be read without opening it. */
function writeTitle(): void {
  const shown = sought.value ?? selected.value
  const price = selected.value?.quote.value?.price
  document.title = [[shown?.symbol, price].filter(Boolean).join(' '), 'Market data'].filter(Boolean).join(' · ')
}
