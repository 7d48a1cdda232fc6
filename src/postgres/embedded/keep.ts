import { systemClock } from '../../lib/clock.ts'
import type { SocketConnection } from '../connection/pool.ts'
import { connectionTo, holdCluster, type EmbeddedOptions } from './server.ts'
import { reasonOf, startPostmaster } from './postmaster.ts'

export type KeptEmbedded = {
  /** The same after a restart: a pool reconnects by itself. */
  readonly connection: SocketConnection
  /** Stops the database, and starts it no more. */
  stop(): Promise<void>
}

type Needs = EmbeddedOptions & {
  /** Called with one sentence when the database dies, and when a restart fails. */
  onExit(reason: string): void
}

const FIRST_DELAY_MS = 100
const LAST_DELAY_MS = 5_000
/** After this uptime the next death is a new incident: the delay begins again at the first. */
const HEALTHY_MS = 60_000

/** As `startEmbedded`, but restarts the database, with increasing delays, if it dies and this process does not. */
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

  /** The only function that starts or stops the postmaster. */
  async function keepRunning(): Promise<void> {
    let delay = FIRST_DELAY_MS
    while (!signal.aborted) {
      const since = systemClock.now()
      const exit = await Promise.race([current.exited, stopped])
      if (exit === undefined) break
      needs.onExit(reasonOf(exit, cluster.data))
      if (systemClock.now() - since > HEALTHY_MS) delay = FIRST_DELAY_MS
      let isRunning = false
      while (!signal.aborted && !isRunning) {
        await systemClock.sleep(delay, signal)
        delay = Math.min(delay * 2, LAST_DELAY_MS)
        if (!signal.aborted) isRunning = await restart()
      }
    }
    await current.stop()
  }

  async function restart(): Promise<boolean> {
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
