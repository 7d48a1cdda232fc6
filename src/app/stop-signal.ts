import { systemClock } from '../lib/clock.ts'

const EXIT_INTERRUPTED = 130
/** One Ctrl-C may arrive twice, from the terminal and from npm. */
const ECHO_MS = 1_000

/** Aborted with the reason when the process is asked to stop. */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  void untilStopped().then((why) => stopping.abort(new Error(`stopped: ${why}`)))
  return stopping.signal
}

/** Resolves with the reason when the process is asked to stop. A second Ctrl-C ends it at once. */
export function untilStopped(): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let stoppingSince = Infinity
  const stop = (reason: string) => {
    const now = systemClock.now()
    if (reason === 'SIGINT' && now - stoppingSince > ECHO_MS) process.exit(EXIT_INTERRUPTED)
    stoppingSince = Math.min(stoppingSince, now)
    resolve(reason)
  }
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop)
  // With an older Node the launcher is the parent process; its death shows only as the end of the IPC channel.
  process.once('disconnect', () => resolve('the launcher exited'))
  if (process.send !== undefined && !process.connected) resolve('the launcher exited')
  // The listener would otherwise keep the channel, and with it the process, alive.
  process.channel?.unref()
  return promise
}
