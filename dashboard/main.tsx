import { render } from 'preact'
import { keepAddress } from './service/address.ts'
import { keepJobs } from './service/jobs.ts'
import { keepMarket } from './service/market.ts'
import { keepProviders } from './service/providers.ts'
import { followPrices } from './service/stream.ts'
import { keepTheme } from './service/theme.ts'
import { startClock } from './service/time.ts'
import { PageView } from './view/page-view.tsx'

startClock()
keepTheme()
keepProviders()
keepJobs()
keepAddress()
const market = keepMarket()
followPrices(market.take)

const place = document.getElementById('page')
if (place) render(<PageView />, place)
