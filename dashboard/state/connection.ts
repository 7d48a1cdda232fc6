import { computed, signal } from '@preact/signals'
import { RequestError } from '../api/client.ts'
import type { StreamState } from '../api/stream.ts'

/** The state of the stream of prices. */
export const stream = signal<StreamState>('connecting')
/** How often the stream has opened. After each time, what was missed has to be read. */
export const streamOpens = signal(0)
/** When everything last worked, in milliseconds since 1970. */
export const lastOkAt = signal<number | undefined>(undefined)
const lastFailure = signal<'unreachable' | 'storage_unavailable' | undefined>(undefined)

/** What the page shows of its connection to the service. */
export type Connection = 'connecting' | 'live' | 'reconnecting' | 'database_down'

/** The worse of what the stream and the requests have met. */
export const connection = computed<Connection>(() => {
  if (lastFailure.value === 'storage_unavailable') return 'database_down'
  if (lastFailure.value === 'unreachable' || stream.value === 'lost') return 'reconnecting'
  return stream.value
})

/** Reports a change of the stream's state. */
export function reportStream(state: StreamState): void {
  if (state === 'live') streamOpens.value++
  stream.value = state
}

/** Reports that the stream has started anew: what is shown has to be read again. */
export function reportReset(): void {
  streamOpens.value++
}

/** Reports how a request that reads the database ended; no error means success. */
export function reportRequest(error?: unknown): void {
  if (error === undefined) {
    lastFailure.value = undefined
    if (stream.value === 'live') lastOkAt.value = Date.now()
    return
  }
  if (!(error instanceof RequestError)) return
  // The key or session is no longer valid: reloaded, the page asks for a key.
  if (error.code === 'unauthenticated') location.reload()
  if (error.code === 'unreachable' || error.code === 'unreadable') lastFailure.value = 'unreachable'
  if (error.code === 'storage_unavailable') lastFailure.value = error.code
}
