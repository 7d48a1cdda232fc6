import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'

export type StreamEvent = { readonly id: string; readonly event: string | undefined; readonly data: string | undefined }

export type EventStream = {
  readonly response: IncomingMessage
  /** The `price` events so far. */
  readonly prices: StreamEvent[]
  /** The last id, including events without data; a browser sends it when it reconnects. */
  lastEventId(): string | undefined
  /** Waits for the n-th price. */
  until(count: number): Promise<void>
  /** Breaks the connection, like a network failure. */
  cut(): void
}

/** Opens a stream like a browser's EventSource; resolves when the headers have arrived. */
export function openStream(t: TestContext, url: string, lastEventId?: string): Promise<EventStream> {
  const resumed = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
  return openStreamWith(t, url, resumed)
}

/** Like `openStream`, with headers such as a key or a cookie. */
export async function openStreamWith(
  t: TestContext,
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<EventStream> {
  const request = get(url, { headers: { 'sec-fetch-mode': 'cors', ...headers }, agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  t.after(() => request.destroy())
  request.on('error', () => {})
  response.on('error', () => {})
  const prices: StreamEvent[] = []
  let [text, last] = ['', undefined as string | undefined]
  response.setEncoding('utf8').on('data', (chunk: string) => {
    const blocks = (text + chunk).split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const event = parseEvent(block)
      last = event.id || last
      if (event.data !== undefined) prices.push(event)
    }
  })
  return {
    response,
    prices,
    lastEventId: () => last,
    until: async (count) => {
      while (prices.length < count) {
        if (response.destroyed) throw new Error(`the stream ended after ${prices.length} prices`)
        await wait(5)
      }
    },
    cut: () => request.destroy(),
  }
}

function parseEvent(block: string): StreamEvent {
  const field = (name: string) =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  return { id: field('id') ?? '', event: field('event'), data: field('data') }
}
