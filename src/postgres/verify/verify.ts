import type pg from 'pg'
import { averagesReader } from '../../core/averages/advance.ts'
import type { Verify } from '../../core/health/verification.ts'
import type { Clock } from '../../lib/clock.ts'
import { comparePositions, LOG_START } from '../../core/log/position.ts'
import { loadCheckpoint, logEnd } from '../log/log.ts'
import { inSnapshot } from '../connection/transaction.ts'
import type { VerifiedTable } from '../schema/tables.ts'
import { verifyAverages } from './averages.ts'
import { verifyPrices, type ParserOf } from './prices.ts'
import { createTally, type Tally } from './tally.ts'

type Needs = {
  readonly pool: pg.Pool
  readonly windows: readonly number[]
  readonly parserOf: ParserOf
  readonly clock: Clock
}

const WAIT_MS = 10_000
const POLL_MS = 100

/** Verifies one snapshot of the database, in bounded memory. Before that, it waits up to 10 s for averages to catch up. */
export function createVerify({ pool, windows, parserOf, clock }: Needs): Verify {
  return async (signal) => {
    await waitForAverages({ pool, windows, clock }, signal)
    return inSnapshot(pool, async (client) => {
      const tally = createTally()
      for (const check of Object.values(checksOf({ windows, parserOf }))) await check(client, { tally, signal })
      return tally.result()
    })
  }
}

type Check = (client: pg.ClientBase, work: { readonly tally: Tally; readonly signal: AbortSignal }) => Promise<void>

/** A check for each table whose record says that it is verified. */
function checksOf({ windows, parserOf }: Pick<Needs, 'windows' | 'parserOf'>): Readonly<Record<VerifiedTable, Check>> {
  return {
    prices: (client, work) => verifyPrices(client, parserOf, work),
    moving_averages: async (client, work) => {
      for (const window of windows) await verifyAverages(client, window, work)
    },
  }
}

async function waitForAverages({ pool, windows, clock }: Omit<Needs, 'parserOf'>, signal: AbortSignal): Promise<void> {
  const end = await logEnd(pool)
  const deadline = clock.monotonic() + WAIT_MS
  while (clock.monotonic() < deadline && !signal.aborted) {
    const positions = await Promise.all(windows.map((window) => loadCheckpoint(pool, averagesReader(window))))
    if (positions.every((position) => comparePositions(position ?? LOG_START, end) >= 0)) return
    await clock.sleep(POLL_MS, signal)
  }
}
