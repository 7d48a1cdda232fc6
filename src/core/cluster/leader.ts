import type { Clock } from '../../lib/clock.ts'
import { LEASE_MS, type Lease, type Leases } from './lease.ts'

export type Leader = {
  /** Leads whenever it can, until the signal fires; resolves once the work has ended and the lease is free. */
  run(signal: AbortSignal): Promise<void>
}

type Needs = {
  readonly name: string
  readonly leases: Leases
  /** What only the leader does, until the signal fires. Each of its transactions is to end with the lease's fence. */
  readonly work: (lease: Lease, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly log: { info(details: object, message: string): void; warn(details: object, message: string): void }
}

const RENEW_EVERY_MS = 2_000
/** A leader that ended in peace is followed within this time. */
const STAND_BY_MS = 1_000

/**
 * Runs the work in one process at a time, and in another within 10 s of the leader's death or freeze. That it ends in
 * time here is only good manners: a leader that was frozen knows nothing. What keeps it from writing is the fence.
 */
export function createLeader({ name, leases, work, clock, log }: Needs): Leader {
  const warn = (error: unknown) => log.warn({ err: error, lease: name }, 'the lease cannot be asked for now')

  /** Until another has the lease, or may have it; or until the work has ended. */
  async function hold(lease: Lease, ended: AbortSignal): Promise<void> {
    let heldAt = clock.now()
    while (clock.now() - heldAt < LEASE_MS) {
      await clock.sleep(RENEW_EVERY_MS, ended)
      if (ended.aborted) return
      const askedAt = clock.now()
      const isHeld = await leases.renew(lease).catch(warn)
      if (isHeld === false) return
      if (isHeld) heldAt = askedAt
    }
  }

  async function lead(lease: Lease, signal: AbortSignal): Promise<void> {
    const lost = new AbortController()
    const ended = new AbortController()
    const ending = AbortSignal.any([signal, lost.signal])
    log.info({ lease: name, epoch: lease.epoch }, 'leads')
    const held = hold(lease, ended.signal).finally(() => lost.abort())
    await work(lease, ending).catch((error: unknown) => log.warn({ err: error, lease: name }, 'the work failed'))
    ended.abort()
    await held
    await leases.release(lease).catch(warn)
    log.info({ lease: name, epoch: lease.epoch }, 'leads no more')
  }

  return {
    run: async (signal) => {
      while (!signal.aborted) {
        const lease = await leases.take(name).catch(warn)
        await (lease ? lead(lease, signal) : clock.sleep(STAND_BY_MS, signal))
      }
    },
  }
}
