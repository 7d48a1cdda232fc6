import { render } from 'preact'
import { streamPrices } from './api/stream.ts'
import { Page } from './components/page.tsx'
import { SignIn } from './components/sign-in.tsx'
import { startClock } from './state/clock.ts'
import { reportStream } from './state/connection.ts'
import { startJobs } from './state/jobs.ts'
import { startMarket } from './state/market.ts'
import { startProviders } from './state/providers.ts'
import { mayEnter } from './state/session.ts'
import { startTheme } from './state/theme.ts'
import { startUrlState } from './state/url-state.ts'
import { startSorting } from './state/watchlists/shown.ts'
import { startWatchlists } from './state/watchlists/watchlists.ts'

const container = document.getElementById('page')
startTheme()
void mayEnter().then((isAllowed) => (isAllowed ? showPage() : showSignIn()))

function showPage(): void {
  startClock()
  startProviders()
  startJobs()
  startWatchlists()
  startSorting()
  startUrlState()
  streamPrices({ onState: reportStream, onPrices: startMarket() })
  if (container) render(<Page />, container)
}

function showSignIn(): void {
  if (container) render(<SignIn />, container)
}
