import { effect } from '@preact/signals'
import { queryText } from '../api/client.ts'
import { keyOf, selectedKey } from './market.ts'

/** Keeps the selected symbol in the URL, so that a reload, a bookmark and a shared link show it again. */
export function startUrlState(): void {
  const query = new URLSearchParams(location.search)
  const [symbol, provider] = [query.get('symbol'), query.get('provider')]
  if (symbol && provider) selectedKey.value = keyOf({ symbol, provider })
  effect(() => {
    if (selectedKey.value === undefined) return
    const [selectedSymbol, selectedProvider] = selectedKey.value.split(' ')
    const text = queryText({ symbol: selectedSymbol, provider: selectedProvider })
    history.replaceState(null, '', text + location.hash)
  })
}
