import { systemClock } from '../../lib/clock.ts'
import { connectionTo, holdCluster, type Connection, type EmbeddedOptions } from './server.ts'
import { reasonOf, startPostmaster } from './postmaster.ts'

export type KeptEmbedded = {
  /** Stays the same through restarts: a pool reconnects by itself. */
  readonly connection: Connection
  /** Ends it for good. */
  stop(): Promise<void>
}

type Needs = EmbeddedOptions & {
  /** Told in one sentence of each death and of each restart that failed. */
  onExit(reason: string): void
}

const FIRST_DELAY_MS = 100
const LAST_DELAY_MS = 5_000
/** Having lived so long, the next death is a new misfortune and not the last one again. */
const SETTLED_MS = 60_000

/** As `startEmbedded`, and starts the database again, with back-off, when it alone dies. */
export async function keepEmbedded(needs: Needs): Promise<KeptEmbedded> {
  const { cluster, release } = await holdCluster(needs)
  const stopping = new AbortController()
  const { signal } = stopping
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  const start = () => startPostmaster(cluster, { ...needs, signal })
  let current = await start().catch((error: unknown) => {
    release()
    throw error
  })

  /** Owns the postmaster: nobody else starts or stops it. */
  async function keepRunning(): Promise<void> {
    let delay = FIRST_DELAY_MS
    while (!signal.aborted) {
      const since = systemClock.now()
      const exit = await Promise.race([current.exited, stopped])
      if (exit === undefined) break
      needs.onExit(reasonOf(exit, cluster.data))
      if (systemClock.now() - since > SETTLED_MS) delay = FIRST_DELAY_MS
      do {
        await systemClock.sleep(delay, signal)
        delay = Math.min(delay * 2, LAST_DELAY_MS)
      } while (!signal.aborted && !(await startedAgain()))
    }
    await current.stop()
  }

  async function startedAgain(): Promise<boolean> {
    try {
      current = await start()
      return true
    } catch (error) {
      if (!signal.aborted) needs.onExit(error instanceof Error ? error.message : String(error))
      return false
    }
  }

  const keeping = keepRunning()
  const stop = async () => {
    stopping.abort()
    await keeping
    release()
  }
  return { connection: connectionTo(cluster.socket), stop }
}
