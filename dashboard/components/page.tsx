import { ChartPanel } from './chart/chart-panel.tsx'
import { Jobs } from './jobs/jobs.tsx'
import { Notices } from './notices.tsx'
import { Pipeline } from './pipeline.tsx'
import { Providers } from './providers.tsx'
import { TopBar } from './top-bar.tsx'
import { Watchlist } from './watchlist/watchlist.tsx'

/** The whole page. Each part reads the state that it shows; nothing is passed down. */
export function Page() {
  return (
    <>
      <a class="skip" href="#prices">
        Skip to prices
      </a>
      <a class="skip" href="#jobs">
        Skip to jobs
      </a>
      <TopBar />
      <Notices />
      <main>
        <Watchlist />
        <ChartPanel />
        <Jobs />
        <Providers />
        <Pipeline />
      </main>
    </>
  )
}
