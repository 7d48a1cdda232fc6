import { systemClock } from '../lib/clock.ts'

const EXIT_INTERRUPTED = 130
/** One Ctrl-C may reach us twice, from the terminal and from npm. */
const ECHO_MS = 1_000

/** Fires when the process is told to stop, with the reason. */
export function stopSignal(): AbortSignal {
  const stopping = new AbortController()
  void untilStopped().then((why) => stopping.abort(new Error(`stopped: ${why}`)))
  return stopping.signal
}

/** Resolves with the reason. A second Ctrl-C means "at once". */
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
  // Under an older Node the launcher is our parent; its death shows only as the end of the channel between us.
  process.once('disconnect', () => resolve('the launcher ended'))
  if (process.send !== undefined && !process.connected) resolve('the launcher ended')
  // A listener for its end would keep the channel, and so the process, alive.
  process.channel?.unref()
  return promise
}
