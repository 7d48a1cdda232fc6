import { reportRequest } from './connection.ts'

/** Work that is repeated. */
export type Poll = {
  /** Runs at once; if a run is in progress, once more after it. */
  now(): void
}

/** Runs the work now, and again `ms` after each end, while the page is visible. A failed run is retried the same way. */
export function poll(ms: number, work: () => Promise<void>): Poll {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isRunning = false
  let runAgain = false

  const run = async () => {
    clearTimeout(timer)
    runAgain = isRunning
    if (isRunning) return
    isRunning = true
    await attempt(work)
    isRunning = false
    if (runAgain) void run()
    else if (!document.hidden) timer = setTimeout(() => void run(), ms)
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : void run()))
  void run()
  return { now: () => void run() }
}

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work()
    reportRequest()
  } catch (error) {
    reportRequest(error)
  }
}
