import type pg from 'pg'
import { averagesReader } from '../../core/averages/follow.ts'
import type { Verify } from '../../core/health/verification.ts'
import type { Clock } from '../../lib/clock.ts'
import { comparePositions, LOG_START } from '../../core/log/position.ts'
import { loadCheckpoint, logEnd } from '../log/log.ts'
import { inSnapshot } from '../connection/transaction.ts'
import { verifyAverages } from './averages.ts'
import { verifyPrices, type ParserOf } from './prices.ts'
import { createTally } from './tally.ts'

type Needs = {
  readonly pool: pg.Pool
  readonly windows: readonly number[]
  readonly parserOf: ParserOf
  readonly clock: Clock
}

const PATIENCE_MS = 10_000
const LOOK_AGAIN_MS = 100

/** Verifies what one snapshot of the database holds, in bounded memory; beforehand, averages get 10 s to catch up. */
export function createVerify({ pool, windows, parserOf, clock }: Needs): Verify {
  return async (signal) => {
    await waitForAverages({ pool, windows, clock }, signal)
    return inSnapshot(pool, async (client) => {
      const tally = createTally()
      await verifyPrices(client, parserOf, { tally, signal })
      for (const window of windows) await verifyAverages(client, window, { tally, signal })
      return tally.result()
    })
  }
}

async function waitForAverages({ pool, windows, clock }: Omit<Needs, 'parserOf'>, signal: AbortSignal): Promise<void> {
  const end = await logEnd(pool)
  const deadline = clock.now() + PATIENCE_MS
  while (clock.now() < deadline && !signal.aborted) {
    const positions = await Promise.all(windows.map((window) => loadCheckpoint(pool, averagesReader(window))))
    if (positions.every((position) => comparePositions(position ?? LOG_START, end) >= 0)) return
    await clock.sleep(LOOK_AGAIN_MS, signal)
  }
}
