import { render } from 'preact'
import { keepAddress } from './service/address.ts'
import { keepJobs } from './service/jobs.ts'
import { keepMarket } from './service/market.ts'
import { keepProviders } from './service/providers.ts'
import { mayEnter } from './service/session.ts'
import { followPrices } from './service/stream.ts'
import { keepTheme } from './service/theme.ts'
import { startClock } from './service/time.ts'
import { PageView } from './view/page-view.tsx'
import { SignIn } from './view/sign-in.tsx'

const place = document.getElementById('page')
keepTheme()
void mayEnter().then((isIn) => (isIn ? showPrices() : showDoor()))

function showPrices(): void {
  startClock()
  keepProviders()
  keepJobs()
  keepAddress()
  const market = keepMarket()
  followPrices(market.take)
  if (place) render(<PageView />, place)
}

function showDoor(): void {
  if (place) render(<SignIn />, place)
}
