import { setTimeout as sleep } from 'node:timers/promises'

/** A price that the service stored: its id, and when the provider's reply was received. */
export type FetchedPrice = { readonly id: string; readonly receivedMs: number }

type Needs = { readonly signal: AbortSignal; readonly onFetched: (prices: readonly FetchedPrice[]) => void }

/** Symbols in one request. */
const GROUP = 50
/** Pending requests; if there are more, the service is too slow for the load. */
const MAX_PENDING = 200

/**
 * Makes a service fetch and store a number of new simulated prices per second until the signal is aborted. Every symbol has
 * one new price a second, so there are as many symbols; they are requested in groups, evenly spread over the second.
 */
export async function applyLoad(url: string, perSecond: number, { signal, onFetched }: Needs): Promise<void> {
  const groups = symbolGroups(perSecond)
  const pending = new Set<Promise<void>>()
  const failing = new AbortController()
  const since = performance.now()
  for (let tick = 0; !signal.aborted && !failing.signal.aborted; tick++) {
    const request = fetchPrices(url, groups[tick % groups.length] ?? []).then(onFetched)
    pending.add(request)
    request.then(
      () => pending.delete(request),
      (error: unknown) => failing.abort(error),
    )
    if (pending.size > MAX_PENDING) throw new Error(`the service does not keep up with ${perSecond} prices a second`)
    const untilNext = since + ((tick + 1) * 1_000) / groups.length - performance.now()
    if (untilNext > 0) await sleep(untilNext)
  }
  failing.signal.throwIfAborted()
  await Promise.all(pending)
}

/** The symbols of `applyLoad`, by request. */
export function symbolGroups(perSecond: number): readonly (readonly string[])[] {
  const symbols = Array.from({ length: perSecond }, (_, at) => `S${at}`)
  return Array.from({ length: Math.ceil(perSecond / GROUP) }, (_, at) => symbols.slice(at * GROUP, (at + 1) * GROUP))
}

type Body = { readonly data: readonly { readonly price_id: string; readonly received_at: string }[] }

/** Makes the service fetch these symbols from the provider now. */
export async function fetchPrices(url: string, symbols: readonly string[]): Promise<readonly FetchedPrice[]> {
  const response = await fetch(`${url}/prices/latest?provider=simulated&max_age=0&symbols=${symbols.join()}`)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  const { data } = (await response.json()) as Body
  return data.map((price) => ({ id: price.price_id, receivedMs: Date.parse(price.received_at) }))
}
