import type { Clock } from '../../lib/clock.ts'
import { LEASE_MS, type Lease, type Leases } from './lease.ts'

export type Leader = {
  /** Works whenever it holds the lease, until the signal fires; resolves once the work has ended and the lease is released. */
  run(signal: AbortSignal): Promise<void>
}

type Needs = {
  readonly name: string
  readonly leases: Leases
  /** The leader's work, until the signal fires. Each of its transactions must end with the lease's fence. */
  readonly work: (lease: Lease, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly log: LeaderLog
}

/** A process that leads from its start to its end is the normal case; only a change of the leader is worth a line. */
type Leading = { readonly signal: AbortSignal; readonly hasWaited: boolean }

type LogLine = (details: object, message: string) => void
type LeaderLog = { readonly debug: LogLine; readonly info: LogLine; readonly warn: LogLine }

const RENEW_EVERY_MS = 2_000
/** After a leader has released its lease, a standby takes over within this time. */
const STANDBY_MS = 1_000

/**
 * Runs the work in one process at a time, and in another one within 10 s after the leader dies or freezes. Ending the work
 * when the lease is lost is only a courtesy, because a frozen leader cannot notice. The fence prevents it from writing.
 */
export function createLeader({ name, leases, work, clock, log }: Needs): Leader {
  const warn = (error: unknown) => log.warn({ err: error, lease: name }, 'lease request failed, retrying')

  /** Renews the lease. Resolves when another process has it, or may have it, or when the work has ended. */
  async function hold(lease: Lease, ended: AbortSignal): Promise<void> {
    let heldAt = clock.monotonic()
    while (clock.monotonic() - heldAt < LEASE_MS) {
      await clock.sleep(RENEW_EVERY_MS, ended)
      if (ended.aborted) return
      const requestedAt = clock.monotonic()
      const isHeld = await leases.renew(lease).catch(warn)
      if (isHeld === false) return
      if (isHeld) heldAt = requestedAt
    }
  }

  async function lead(lease: Lease, { signal, hasWaited }: Leading): Promise<void> {
    const lost = new AbortController()
    const ended = new AbortController()
    const ending = AbortSignal.any([signal, lost.signal])
    log[hasWaited ? 'info' : 'debug']({ lease: name, epoch: lease.epoch }, 'lease acquired')
    const held = hold(lease, ended.signal).finally(() => lost.abort())
    await work(lease, ending).catch((error: unknown) =>
      log.warn({ err: error, lease: name }, 'the work under the lease failed'),
    )
    const isLost = lost.signal.aborted
    ended.abort()
    await held
    await leases.release(lease).catch(warn)
    log[isLost ? 'info' : 'debug']({ lease: name, epoch: lease.epoch }, isLost ? 'lease lost' : 'lease released')
  }

  return {
    run: async (signal) => {
      for (let hasWaited = false; !signal.aborted; hasWaited = true) {
        const lease = await leases.take(name).catch(warn)
        await (lease ? lead(lease, { signal, hasWaited }) : clock.sleep(STANDBY_MS, signal))
      }
    },
  }
}
