import type pg from 'pg'
import { LEASE_MS, type Lease, type Leases } from '../../core/cluster/lease.ts'
import type { Fence } from '../connection/transaction.ts'

/**
 * Leases by the database's clock: the clocks of the processes do not matter.
 * @param holder names this process; a holder that takes its own lease again has restarted
 */
export function createLeases(pool: pg.Pool, holder: string): Leases {
  return {
    take: async (name) => {
      const { rows } = await pool.query<Lease>(TAKE, [name, holder, LEASE_MS / 1_000])
      return rows[0]
    },
    renew: async ({ name, epoch }) => {
      const { rowCount } = await pool.query(RENEW, [name, holder, epoch, LEASE_MS / 1_000])
      return rowCount === 1
    },
    release: async ({ name, epoch }) => void (await pool.query(RENEW, [name, holder, epoch, 0])),
  }
}

/**
 * Refuses the transaction of a process that has lost its lease, for example because it was frozen. The row stays locked
 * until the commit, so no other process takes the lease in between.
 */
export async function assertLeads(client: pg.ClientBase, { name, holder, epoch }: Lease): Promise<void> {
  const { rowCount } = await client.query({ name: 'assert-leads', text: ASSERT_LEADS, values: [name, holder, epoch] })
  if (rowCount !== 1) throw new Error(`the lease ${name} is lost, or was not renewed in time: nothing was written`)
}

/** The fence that ends each transaction of a leader. */
export function fenceOf(lease: Lease): Fence {
  return (client) => assertLeads(client, lease)
}

/** No process can hold a lease for longer than this: one that expires later was written before the clock was set back. */
const LONGEST = `clock_timestamp() + interval '${2 * LEASE_MS} ms'`

/** Reads first, and locks only a free lease: a standby process writes nothing, and never holds back the log. */
const TAKE = `
  insert into leases as l (name, holder, epoch, expires_at)
  select $1, $2, 1, clock_timestamp() + make_interval(secs => $3)
   where not exists (select from leases where name = $1 and holder <> $2 and expires_at > clock_timestamp()
                       and expires_at <= ${LONGEST})
  on conflict (name) do update
    set holder = excluded.holder, epoch = l.epoch + 1, expires_at = clock_timestamp() + make_interval(secs => $3)
    where l.holder = excluded.holder or l.expires_at <= clock_timestamp() or l.expires_at > ${LONGEST}
  returning name, holder, epoch`

/** An expired lease can be renewed until another process takes it: no other process has led since. */
const RENEW = `
  update leases set expires_at = clock_timestamp() + make_interval(secs => $4)
   where name = $1 and holder = $2 and epoch = $3`

const ASSERT_LEADS = `
  select from leases where name = $1 and holder = $2 and epoch = $3 and expires_at > clock_timestamp() for share`
