import { setTimeout as sleep } from 'node:timers/promises'

/** A price that the service took in: which one, and when the provider's reply was there. */
export type Taken = { readonly id: string; readonly receivedMs: number }

type Needs = { readonly signal: AbortSignal; readonly onTaken: (taken: readonly Taken[]) => void }

/** Symbols that are asked for together. */
const GROUP = 50
/** Requests that wait for their answer: more, and the service is too slow for what it is given. */
const MAX_WAITING = 200

/**
 * Has a service take so many new prices a second from its simulated provider until the signal fires. Every symbol has one
 * price a second, so there are as many symbols, and they are asked for in groups all through the second.
 */
export async function feed(url: string, perSecond: number, { signal, onTaken }: Needs): Promise<void> {
  const groups = groupsOf(perSecond)
  const waiting = new Set<Promise<void>>()
  const failing = new AbortController()
  const since = performance.now()
  for (let tick = 0; !signal.aborted && !failing.signal.aborted; tick++) {
    const request = takePrices(url, groups[tick % groups.length] ?? []).then(onTaken)
    waiting.add(request)
    request.then(
      () => waiting.delete(request),
      (error: unknown) => failing.abort(error),
    )
    if (waiting.size > MAX_WAITING) throw new Error(`the service does not keep up with ${perSecond} prices a second`)
    const untilNext = since + ((tick + 1) * 1_000) / groups.length - performance.now()
    if (untilNext > 0) await sleep(untilNext)
  }
  failing.signal.throwIfAborted()
  await Promise.all(waiting)
}

/** The symbols of `feed`, together as they are asked for. */
export function groupsOf(perSecond: number): readonly (readonly string[])[] {
  const symbols = Array.from({ length: perSecond }, (_, at) => `S${at}`)
  return Array.from({ length: Math.ceil(perSecond / GROUP) }, (_, at) => symbols.slice(at * GROUP, (at + 1) * GROUP))
}

type Answer = { readonly data: readonly { readonly price_id: string; readonly received_at: string }[] }

/** Asks the provider for all of them now. */
export async function takePrices(url: string, symbols: readonly string[]): Promise<readonly Taken[]> {
  const answer = await fetch(`${url}/prices/latest?provider=simulated&max_age=0&symbols=${symbols.join()}`)
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  const { data } = (await answer.json()) as Answer
  return data.map((price) => ({ id: price.price_id, receivedMs: Date.parse(price.received_at) }))
}
