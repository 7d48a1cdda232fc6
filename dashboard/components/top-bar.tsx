import { zonedTimeText } from '../format/time.ts'
import { now } from '../state/clock.ts'
import { connection, type Connection } from '../state/connection.ts'
import { session, signOut } from '../state/session.ts'
import { switchTheme, theme } from '../state/theme.ts'
import { StatusIcon, type IconShape } from './status-icon.tsx'

/** The title, the state of the connection, and the links and buttons of the whole page. */
export function TopBar() {
  return (
    <header class="top">
      <h1>Market data</h1>
      <ConnectionState />
      <nav aria-label="Service">
        <Clock />
        <a href="docs">API docs</a>
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

const STATES: Readonly<Record<Connection, readonly [IconShape, string]>> = {
  connecting: ['half', 'Connecting…'],
  live: ['full', 'Live'],
  reconnecting: ['half', 'Reconnecting…'],
  database_down: ['cross', 'Database unavailable'],
}

function ConnectionState() {
  const [shape, text] = STATES[connection.value]
  return (
    <p class="connection" role="status" data-state={connection.value}>
      <StatusIcon shape={shape} tone={connection.value === 'live' ? 'good' : 'bad'} />
      {text}
    </p>
  )
}

function Clock() {
  return <time class="clock">{zonedTimeText(now.value)}</time>
}
