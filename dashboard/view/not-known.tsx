import { connection } from '../service/connection.ts'

/** Stands where the service has not said yet what there is. */
export function NotKnown() {
  const isAway = connection.value === 'database_away' || connection.value === 'reconnecting'
  return <p class="empty">{isAway ? 'Cannot be read now; trying again.' : 'Loading…'}</p>
}
