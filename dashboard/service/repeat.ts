import { noteRequest } from './connection.ts'

export type Repeated = {
  /** Does it at once, or once more after the one in hand. */
  now(): void
}

/** Does the work now, and again `ms` after it has ended, as long as somebody looks at the page. A failure is tried again. */
export function repeat(ms: number, work: () => Promise<void>): Repeated {
  let timer: ReturnType<typeof setTimeout> | undefined
  let isRunning = false
  let isAskedAgain = false

  const run = async () => {
    clearTimeout(timer)
    isAskedAgain = isRunning
    if (isRunning) return
    isRunning = true
    await attempt(work)
    isRunning = false
    if (isAskedAgain) void run()
    else if (!document.hidden) timer = setTimeout(() => void run(), ms)
  }

  document.addEventListener('visibilitychange', () => (document.hidden ? clearTimeout(timer) : void run()))
  void run()
  return { now: () => void run() }
}

async function attempt(work: () => Promise<void>): Promise<void> {
  try {
    await work()
    noteRequest()
  } catch (error) {
    noteRequest(error)
  }
}
