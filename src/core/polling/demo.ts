import type { CreateJob, Jobs } from './job.ts'

/** Works without a network: simulated prices every 2 s. */
export const DEMO: CreateJob = {
  symbols: ['AAPL', 'MSFT', 'NVDA', 'TSLA', 'BTC-USD'],
  provider: 'simulated',
  intervalSeconds: 2,
}

/** Creates the demo jobs if there are no jobs at all. @returns whether it did */
export async function createDemoJobs(jobs: Pick<Jobs, 'count' | 'create'>): Promise<boolean> {
  if ((await jobs.count()) > 0) return false
  await jobs.create(DEMO)
  return true
}
