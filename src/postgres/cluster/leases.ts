import type pg from 'pg'
import { LEASE_MS, type Lease, type Leases } from '../../core/cluster/lease.ts'
import type { Fence } from '../connection/transaction.ts'

/**
 * Leases by the database's clock: the clocks of the processes do not matter.
 * @param holder names this process; one that takes its own lease again has been started again
 */
export function createLeases(pool: pg.Pool, holder: string): Leases {
  return {
    take: async (name) => {
      const { rows } = await pool.query<Lease>(TAKE, [name, holder, LEASE_MS / 1_000])
      return rows[0]
    },
    renew: async ({ name, epoch }) => {
      const { rowCount } = await pool.query(PROLONG, [name, holder, epoch, LEASE_MS / 1_000])
      return rowCount === 1
    },
    release: async ({ name, epoch }) => void (await pool.query(PROLONG, [name, holder, epoch, 0])),
  }
}

/**
 * Refuses the transaction of a leader that leads no more: one that was frozen, and has woken up. The row stays locked
 * until the commit, so nobody takes the lease between the two.
 */
export async function assertLeads(client: pg.ClientBase, { name, holder, epoch }: Lease): Promise<void> {
  const { rowCount } = await client.query({ name: 'assert-leads', text: ASSERT_LEADS, values: [name, holder, epoch] })
  if (rowCount !== 1) throw new Error(`the lease ${name} is lost, or was not renewed in time: nothing was written`)
}

/** Ends each transaction of a leader. */
export function fenceOf(lease: Lease): Fence {
  return (client) => assertLeads(client, lease)
}

/** Looks first, and locks only what is free: whoever stands by writes nothing, and so never holds back the log. */
const TAKE = `
  insert into leases as l (name, holder, epoch, expires_at)
  select $1, $2, 1, clock_timestamp() + make_interval(secs => $3)
   where not exists (select from leases where name = $1 and holder <> $2 and expires_at > clock_timestamp())
  on conflict (name) do update
    set holder = excluded.holder, epoch = l.epoch + 1, expires_at = clock_timestamp() + make_interval(secs => $3)
    where l.holder = excluded.holder or l.expires_at <= clock_timestamp()
  returning name, holder, epoch`

/** One that has expired may be prolonged as long as nobody took it: nobody led meanwhile. */
const PROLONG = `
  update leases set expires_at = clock_timestamp() + make_interval(secs => $4)
   where name = $1 and holder = $2 and epoch = $3`

const ASSERT_LEADS = `
  select from leases where name = $1 and holder = $2 and epoch = $3 and expires_at > clock_timestamp() for share`
