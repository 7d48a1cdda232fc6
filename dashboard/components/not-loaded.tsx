import { connection } from '../state/connection.ts'

/** Stands in for a list that has not been read yet. */
export function NotLoaded() {
  const isDown = connection.value === 'database_down' || connection.value === 'reconnecting'
  return <p class="empty">{isDown ? 'Not available right now. Retrying…' : 'Loading…'}</p>
}
