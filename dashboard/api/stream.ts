import { parseExactJson } from './exact-json.ts'
import type { Price } from './schemas.ts'

/** The data of an event of `GET /prices/stream`. */
export type PriceEvent = Pick<Price, 'symbol' | 'provider' | 'price' | 'timestamp' | 'price_id' | 'currency'>

/** `lost` until the browser has reconnected; `connecting` while the page is hidden. */
export type StreamState = 'connecting' | 'live' | 'lost'

type Needs = {
  onState(state: StreamState): void
  /** Gets the events since the last frame, oldest first. */
  onPrices(events: readonly PriceEvent[]): void
  /** The stream could not resume where it had stopped, because the database is another one: everything shown is read again. */
  onReset(): void
}

const REOPEN_AFTER_MS = 2_000

/**
 * Streams every stored price while the page is visible: a browser allows only six connections to one host, for all its
 * tabs together.
 */
export function streamPrices({ onState, onPrices, onReset }: Needs): void {
  const collect = createFrameBatch(onPrices)
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const open = () => {
    clearTimeout(timer)
    source?.close()
    source = new EventSource('prices/stream')
    source.addEventListener('open', () => onState('live'))
    source.addEventListener('error', () => {
      onState('lost')
      // The browser reconnects by itself, except after an error response.
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, REOPEN_AFTER_MS)
    })
    source.addEventListener('reset', onReset)
    source.addEventListener('price', ({ data }: MessageEvent<string>) => {
      const event = parseExactJson(data) as PriceEvent
      // What cannot be placed in time must not keep the others from being shown.
      if (!Number.isNaN(Date.parse(event.timestamp))) collect(event)
    })
  }

  const close = () => {
    clearTimeout(timer)
    source?.close()
    onState('connecting')
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
  open()
}

/** Collects events and passes them on once per frame. */
function createFrameBatch(onPrices: Needs['onPrices']): (event: PriceEvent) => void {
  let waiting: PriceEvent[] = []
  const flush = () => {
    const events = waiting
    waiting = []
    onPrices(events)
  }
  return (event) => {
    if (waiting.push(event) === 1) requestAnimationFrame(flush)
  }
}
