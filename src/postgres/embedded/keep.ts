import { systemClock } from '../../lib/clock.ts'
import { repeatUntilAborted } from '../../lib/retry.ts'
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
const LONGEST_DELAY_MS = 5_000

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

  /** Owns the postmaster: nothing else starts or stops it. */
  async function keepRunning(): Promise<void> {
    const retry = {
      clock: systemClock,
      firstWaitMs: FIRST_DELAY_MS,
      longestWaitMs: LONGEST_DELAY_MS,
      onError: (error: unknown) => needs.onExit(error instanceof Error ? error.message : String(error)),
    }
    let isRunning = true
    await repeatUntilAborted(retry, signal, async () => {
      if (!isRunning) current = await start()
      isRunning = true
      const exit = await Promise.race([current.exited, stopped])
      if (exit === undefined) return
      isRunning = false
      throw new Error(reasonOf(exit, cluster.data))
    })
    await current.stop()
  }

  const keeping = keepRunning()
  const stop = async () => {
    stopping.abort()
    await keeping
    release()
  }
  return { connection: connectionTo(cluster.socket), stop }
}
