import { ChartPanel } from './chart-panel.tsx'
import { Jobs } from './jobs.tsx'
import { Notices } from './notices.tsx'
import { Pipeline } from './pipeline.tsx'
import { Providers } from './providers.tsx'
import { TopBar } from './top-bar.tsx'
import { Watchlist } from './watchlist.tsx'

/** The whole page. Each part listens for what it shows; nothing is handed down. */
export function PageView() {
  return (
    <>
      <a class="skip" href="#prices">
        Skip to the prices
      </a>
      <a class="skip" href="#jobs">
        Skip to the jobs
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
