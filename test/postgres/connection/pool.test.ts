import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Duplex } from 'node:stream'
import type { Pool } from 'pg'
import { createPool, endPool, openKept } from '../../../src/postgres/connection/pool.ts'
import { instantFromMicros } from '../../../src/lib/instant.ts'
import { createDatabase, createDatabaseConnection } from '../../support/database.ts'
import { createProxy } from '../../support/proxy.ts'
import { unavailable } from '../../support/unavailable.ts'
import { until } from '../../support/until.ts'

test('when connections fall silent, a query gives up in time, and those after it are answered by new ones', async (t) => {
  const proxy = await createProxy(t, await createDatabaseConnection(t))
  const pool = createPool(proxy.url, { size: 4, onError: () => {}, answerWithinMs: 6_000 })
  t.after(() => endPool(pool))
  await Promise.all([1, 2, 3, 4].map(() => pool.query('select pg_sleep(0.1)')))
  proxy.silence()
  await assert.rejects(pool.query('select 1'), unavailable(/timeout/))
  assert.equal((await pool.query('select 1 as one')).rows[0].one, 1)
})

test('after a pause, the next statement runs on a connection that was open before, and opens none', async (t) => {
  const pool = createPool(await createDatabaseConnection(t), { size: 4, onError: () => {}, idleMs: 100 })
  t.after(() => endPool(pool))
  await Promise.all([1, 2, 3, 4].map(() => pool.query('select pg_sleep(0.1)')))
  await until(() => pool.totalCount === 2, 'the connections beyond two are closed')
  const before = await backends(pool)
  await pool.query('select pg_sleep(0.2)')
  assert.deepEqual(await backends(pool), before)
  assert.equal(before.length, 2)
})

test('connections that a pool keeps are opened before a statement needs them', async (t) => {
  const pool = createPool(await createDatabaseConnection(t), { size: 4, onError: () => {} })
  t.after(() => endPool(pool))
  await openKept(pool)
  assert.equal(pool.idleCount, 2)
  const before = await backends(pool)
  await Promise.all([1, 2].map(() => pool.query('select pg_sleep(0.1)')))
  assert.deepEqual(await backends(pool), before)
})

test('when the server ends idle connections, as in a restart, no caller gets an error for it', async (t) => {
  const connection = await createDatabaseConnection(t)
  const [pool, other] = [1, 2].map(() => createPool(connection, { size: 2, onError: () => {} })) as [Pool, Pool]
  t.after(() => Promise.all([endPool(pool), endPool(other)]))
  await openKept(pool)
  const before = await backends(pool)
  await other.query('select pg_terminate_backend(pid) from unnest($1::int[]) as pid', [before.map(({ pid }) => pid)])
  await until(() => pool.totalCount === 0, 'the broken connections are dropped')
  assert.equal((await pool.query('select 1 as one')).rows[0].one, 1)
})

/** The server processes of the connections of a pool, each with the time when it was opened. */
async function backends(pool: Pool): Promise<readonly { readonly pid: number; readonly since: string }[]> {
  const { rows } = await pool.query(
    `select pid, backend_start::text as since from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend' order by pid`,
  )
  return rows
}

test('a pool ends although the server is silent, and a query that still waits fails', async (t) => {
  const proxy = await createProxy(t, await createDatabaseConnection(t))
  const pool = createPool(proxy.url, { size: 4, onError: () => {} })
  await Promise.all([1, 2].map(() => pool.query('select pg_sleep(0.1)')))
  const waiting = assert.rejects(pool.query('select pg_sleep(100)'), unavailable(/terminated/))
  await until(() => pool.idleCount === 1, 'the query is under way')
  proxy.silence()
  await Promise.all([endPool(pool), waiting])
  assert.equal(proxy.openCount(), 0)
})

test('a pool ends although a connection breaks with the farewell, as it does to a server that is gone', async (t) => {
  const pool = createPool(await createDatabaseConnection(t), { size: 1, onError: () => {} })
  let socket: Duplex | undefined
  pool.on('connect', (client) => (socket = client.connection.stream))
  await pool.query('select 1')
  const ended = endPool(pool)
  socket?.destroy(new Error('write EPIPE'))
  await ended
  assert.equal(socket?.destroyed, true)
})

test('the server checks every second whether its client is still connected', async (t) => {
  const pool = createPool(await createDatabaseConnection(t), { size: 1, onError: () => {} })
  t.after(() => endPool(pool))
  const { rows } = await pool.query('show client_connection_check_interval')
  assert.deepEqual(rows, [{ client_connection_check_interval: '1s' }])
})

test('an instant is read as the same text that was written, whatever its fraction', async (t) => {
  const pool = await createDatabase(t)
  const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })
  const instants = fc.sample(micros, { numRuns: 1_000, seed: 1 }).flatMap((one) => {
    return [one, one - (one % 1_000n), one - (one % 1_000_000n)].map(instantFromMicros)
  })
  const { rows } = await pool.query(
    'select at from unnest($1::timestamptz[]) with ordinality as u (at, n) order by n',
    [instants],
  )
  assert.deepEqual(
    rows.map(({ at }) => at),
    instants,
  )
})
