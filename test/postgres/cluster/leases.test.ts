import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { LEASE_MS, type Lease } from '../../../src/core/cluster/lease.ts'
import { assertLeads, createLeases, fenceOf } from '../../../src/postgres/cluster/leases.ts'
import { saveCheckpoint, loadCheckpoint } from '../../../src/postgres/log/log.ts'
import { inTransaction } from '../../../src/postgres/connection/transaction.ts'
import { createDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

const POSITION = { epoch: '1', xid: '5', id: '7' }

async function createHolders(t: TestContext) {
  const pool = await createDatabase(t)
  return { pool, one: createLeases(pool, 'one'), other: createLeases(pool, 'other') }
}

/** As if the holder had been silent for the whole time. */
async function expire(pool: pg.Pool): Promise<void> {
  await pool.query('update leases set expires_at = clock_timestamp()')
}

async function savedBy(pool: pg.Pool, lease: Lease): Promise<void> {
  await inTransaction(pool, (client) => saveCheckpoint(client, 'relay', POSITION), fenceOf(lease))
}

test('of many concurrent processes one takes the lease, and another only after its release or expiry; each taking increases the epoch', async (t) => {
  const { pool, one, other } = await createHolders(t)
  const crowd = Array.from({ length: 12 }, (_, at) => createLeases(pool, `crowd ${at}`))
  const taken = (await Promise.all(crowd.map((leases) => leases.take('poller')))).filter((lease) => lease !== undefined)
  assert.equal(taken.length, 1)
  assert.equal(await one.take('poller'), undefined)
  await crowd[Number(taken[0]!.holder.split(' ')[1])]!.release(taken[0]!)
  assert.deepEqual(await one.take('poller'), { name: 'poller', holder: 'one', epoch: '2' })
  assert.equal(await other.take('poller'), undefined)
  await expire(pool)
  assert.deepEqual(await other.take('poller'), { name: 'poller', holder: 'other', epoch: '3' })
  assert.deepEqual(await one.take('relay'), { name: 'relay', holder: 'one', epoch: '1' })
})

test('a holder that restarts takes its lease at once, and what it sent before is refused', async (t) => {
  const { pool, one } = await createHolders(t)
  const before = (await one.take('poller'))!
  assert.equal((await one.take('poller'))!.epoch, '2')
  await assert.rejects(savedBy(pool, before), /the lease \w+ is lost/)
})

test('a lease can be renewed, even after its expiry, until another process takes it', async (t) => {
  const { pool, one, other } = await createHolders(t)
  const lease = (await one.take('poller'))!
  await expire(pool)
  await assert.rejects(savedBy(pool, lease), /the lease \w+ is lost/)
  assert.equal(await one.renew(lease), true)
  await savedBy(pool, lease)
  const { rows } = await pool.query(
    'select extract(epoch from expires_at - clock_timestamp()) * 1000 as left from leases',
  )
  assert.ok(Number(rows[0].left) > LEASE_MS / 2)
  await expire(pool)
  await other.take('poller')
  assert.equal(await one.renew(lease), false)
})

test('a transaction of a process that has lost its lease writes nothing', async (t) => {
  const { pool, one, other } = await createHolders(t)
  const former = (await one.take('relay'))!
  await expire(pool)
  const present = (await other.take('relay'))!
  await assert.rejects(savedBy(pool, former), /the lease \w+ is lost/)
  assert.equal(await loadCheckpoint(pool, 'relay'), undefined)
  await savedBy(pool, present)
  assert.deepEqual(await loadCheckpoint(pool, 'relay'), POSITION)
})

const BLOCKED_BY_US = `
  select from pg_stat_activity
   where datname = current_database() and $1 = any(pg_blocking_pids(pid)) and query like '%insert into leases%'`

async function backendOf(client: pg.ClientBase): Promise<number> {
  return (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]!.pid
}

test('between the check and the commit no process takes the lease', async (t) => {
  const { pool, one, other } = await createHolders(t)
  const lease = (await one.take('relay'))!
  await pool.query(`update leases set expires_at = clock_timestamp() + interval '1 s'`)
  const taking = await inTransaction(pool, async (client) => {
    await assertLeads(client, lease)
    await until(
      async () => (await pool.query('select from leases where expires_at < clock_timestamp()')).rowCount,
      'expired',
    )
    const taken = other.take('relay')
    // The server itself reports that the other one waits for this transaction.
    await until(async () => (await pool.query(BLOCKED_BY_US, [await backendOf(client)])).rowCount === 1, 'it waits')
    return { taken }
  })
  assert.equal((await taking.taken)?.epoch, '2')
})

test('a lease of a dead process can be taken at once if the clock was set back since', async (t) => {
  const { pool, one, other } = await createHolders(t)
  const former = (await one.take('relay'))!
  await pool.query(`update leases set expires_at = clock_timestamp() + interval '1 hour'`)
  assert.equal((await other.take('relay'))?.epoch, '2')
  await assert.rejects(savedBy(pool, former), /the lease \w+ is lost/)
  assert.equal(await one.take('relay'), undefined)
})
