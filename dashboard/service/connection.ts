import { computed, signal } from '@preact/signals'
import { RequestError } from './ask.ts'

/** How the stream of prices is. */
export const stream = signal<'connecting' | 'live' | 'lost'>('connecting')
const lastRefusal = signal<'unreachable' | 'storage_unavailable' | undefined>(undefined)
/** Counts how often the stream was opened: after each, what was missed is to be read. */
export const openings = signal(0)
/** When all was last well, in milliseconds. */
export const wellAt = signal<number | undefined>(undefined)

export type Connection = 'connecting' | 'live' | 'reconnecting' | 'database_away'

/** What a person needs to know of it: the worse of what the stream and the requests have met. */
export const connection = computed<Connection>(() => {
  if (lastRefusal.value === 'storage_unavailable') return 'database_away'
  if (lastRefusal.value === 'unreachable' || stream.value === 'lost') return 'reconnecting'
  return stream.value
})

/** Call it with how a request went that reads the database; no error means well. */
export function noteRequest(error?: unknown): void {
  if (error === undefined) {
    lastRefusal.value = undefined
    if (stream.value === 'live') wellAt.value = Date.now()
    return
  }
  if (!(error instanceof RequestError)) return
  // The key or the session has ended: begun anew, the page asks for a key.
  if (error.code === 'unauthenticated') location.reload()
  if (error.code === 'unreachable' || error.code === 'unreadable') lastRefusal.value = 'unreachable'
  if (error.code === 'storage_unavailable') lastRefusal.value = error.code
}
