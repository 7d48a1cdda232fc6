import type { Clock } from '../lib/clock.ts'
import { isDoneInTime } from '../lib/deadline.ts'
import type { Logger } from 'pino'

/** Longer than a good end takes; pools end within 2 s and the embedded server within 3 s after it. */
const DRAIN_MS = 3_500
/** Before those lose patience who would kill us without a word, as Docker does after 10 s. */
const FORCE_EXIT_MS = 8_000
const EXIT_FORCED = 1

/** Waits for what was told to end. What a frozen database, or a broken network, holds up is left behind, with a warning. */
export async function drain(
  work: Readonly<Record<string, Promise<unknown>>>,
  { clock, log }: { readonly clock: Clock; readonly log: Pick<Logger, 'warn'> },
): Promise<void> {
  const left = new Set(Object.keys(work))
  const ending = Object.entries(work).map(([name, ended]) => ended.finally(() => left.delete(name)))
  await isDoneInTime(Promise.all(ending), { ms: DRAIN_MS, what: 'shutdown', clock })
  if (left.size > 0) log.warn({ left: [...left] }, `still running after ${DRAIN_MS} ms, abandoned`)
}

/** Ends the process in 8 s, whatever keeps it, and says what did. Where nothing does, it is gone long before. */
export function forceExit(log: Pick<Logger, 'error'>): void {
  const end = () => {
    log.error({ open: process.getActiveResourcesInfo() }, `not at an end after ${FORCE_EXIT_MS} ms: ended by force`)
    process.exit(EXIT_FORCED)
  }
  setTimeout(end, FORCE_EXIT_MS).unref()
}
