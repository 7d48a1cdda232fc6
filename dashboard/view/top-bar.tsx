import { connection, type Connection } from '../service/connection.ts'
import { session, signOut } from '../service/session.ts'
import { switchTheme, theme } from '../service/theme.ts'
import { now, timeText } from '../service/time.ts'
import { Mark, type MarkShape } from './mark.tsx'

export function TopBar() {
  return (
    <header class="top">
      <h1>Market data</h1>
      <ConnectionState />
      <nav aria-label="Service">
        <Clock />
        <a href="/docs">Interface</a>
        {session.value?.key_id && (
          <button type="button" class="quiet" onClick={() => void signOut()}>
            Sign out
          </button>
        )}
        <button type="button" class="quiet" onClick={switchTheme}>
          {theme.value === 'dark' ? 'Light' : 'Dark'} theme
        </button>
      </nav>
    </header>
  )
}

const STATES: Readonly<Record<Connection, readonly [MarkShape, string]>> = {
  connecting: ['half', 'Connecting…'],
  live: ['full', 'Live'],
  reconnecting: ['half', 'Reconnecting…'],
  database_away: ['cross', 'Database away'],
}

function ConnectionState() {
  const [shape, words] = STATES[connection.value]
  return (
    <p class="connection" role="status" data-state={connection.value}>
      <Mark shape={shape} tone={connection.value === 'live' ? 'good' : 'bad'} />
      {words}
    </p>
  )
}

function Clock() {
  return <time class="clock">{timeText(now.value)}</time>
}
