import { effect } from '@preact/signals'
import { query } from './ask.ts'
import { keyOf, selectedKey } from './market.ts'

/** Keeps the chosen symbol in the address, so that a reload, a bookmark and a link come back to it. */
export function keepAddress(): void {
  const given = new URLSearchParams(location.search)
  const [symbol, provider] = [given.get('symbol'), given.get('provider')]
  if (symbol && provider) selectedKey.value = keyOf({ symbol, provider })
  effect(() => {
    if (selectedKey.value === undefined) return
    const [chosen, of] = selectedKey.value.split(' ')
    history.replaceState(null, '', query({ symbol: chosen, provider: of }) + location.hash)
  })
}
