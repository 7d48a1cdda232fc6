import type { PriceEvent } from './answers.ts'
import { openings, stream } from './connection.ts'
import { parseAnswer } from './decimal.ts'

const REOPEN_AFTER_MS = 2_000

/**
 * Follows every price as it is stored, as long as somebody looks at the page: a browser allows only six connections to
 * one address, for all its tabs together. `take` gets what came since the last frame, oldest first.
 */
export function followPrices(take: (events: readonly PriceEvent[]) => void): void {
  const batch = createBatch(take)
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  const open = () => {
    clearTimeout(timer)
    source?.close()
    source = new EventSource('/prices/stream')
    source.addEventListener('open', () => {
      openings.value++
      stream.value = 'live'
    })
    source.addEventListener('error', () => {
      stream.value = 'lost'
      // The browser tries again by itself, except after an answer that is an error.
      if (source?.readyState === EventSource.CLOSED) timer = setTimeout(open, REOPEN_AFTER_MS)
    })
    source.addEventListener('price', ({ data }: MessageEvent<string>) => batch(parseAnswer(data) as PriceEvent))
  }

  const close = () => {
    clearTimeout(timer)
    source?.close()
    stream.value = 'connecting'
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? close() : open()))
  open()
}

/** Collects events and hands them over once a frame. */
function createBatch(take: (events: readonly PriceEvent[]) => void): (event: PriceEvent) => void {
  let waiting: PriceEvent[] = []
  const flush = () => {
    const events = waiting
    waiting = []
    take(events)
  }
  return (event) => {
    if (waiting.push(event) === 1) requestAnimationFrame(flush)
  }
}
