import type { Clock } from '../lib/clock.ts'
import { isDoneInTime } from '../lib/deadline.ts'
import type { Logger } from 'pino'

/** Longer than an orderly shutdown takes; afterwards pools close within 2 s and the embedded server within 3 s. */
const DRAIN_MS = 3_500
/** Before a supervisor kills the process without a log line, as Docker does after 10 s. */
const FORCE_EXIT_MS = 8_000
const EXIT_FORCED = 1

/** Waits for work that is stopping. What still runs after 3.5 s, held up by the database or the network, is abandoned with a warning. */
export async function drain(
  work: Readonly<Record<string, Promise<unknown>>>,
  { clock, log }: { readonly clock: Clock; readonly log: Pick<Logger, 'warn'> },
): Promise<void> {
  const left = new Set(Object.keys(work))
  const ending = Object.entries(work).map(([name, ended]) => ended.finally(() => left.delete(name)))
  await isDoneInTime(Promise.all(ending), { ms: DRAIN_MS, what: 'shutdown', clock })
  if (left.size > 0) log.warn({ left: [...left] }, `still running after ${DRAIN_MS} ms, abandoned`)
}

/** Ends the process after 8 s if something still keeps it alive, and logs what. It does not keep the process alive itself. */
export function forceExit(log: Pick<Logger, 'error'>): void {
  const end = () => {
    log.error({ open: process.getActiveResourcesInfo() }, `still running after ${FORCE_EXIT_MS} ms, exit forced`)
    process.exit(EXIT_FORCED)
  }
  setTimeout(end, FORCE_EXIT_MS).unref()
}
