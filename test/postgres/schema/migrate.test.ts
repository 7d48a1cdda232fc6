import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertMigrated, migrate } from '../../../src/postgres/schema/migrate.ts'
import { logEnd } from '../../../src/postgres/log/log.ts'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { createDatabase, createEmptyDatabase } from '../../support/database.ts'

test('several processes that migrate an empty database at once do it once', async (t) => {
  const connection = await createEmptyDatabase(t)
  const pools = [1, 2, 3].map(() => createPool(connection, { size: 2, onError: () => {} }))
  t.after(() => Promise.all(pools.map((pool) => pool.end())))
  const [pool] = pools
  assert.ok(pool)
  await assert.rejects(assertMigrated(pool), { code: 'conflict' })
  const done = await Promise.all(pools.map((each) => migrate(each)))
  assert.deepEqual(done.flat(), [...new Set(done.flat())])
  assert.ok(done.flat().length > 0)
  await assertMigrated(pool)
  assert.deepEqual(await migrate(pool), [])
})

test('a schema from the future is refused and left alone', async (t) => {
  const connection = await createEmptyDatabase(t)
  const pool = createPool(connection, { size: 2, onError: () => {} })
  t.after(() => pool.end())
  await migrate(pool)
  await pool.query(`insert into kysely_migration values ('9999-future', now()::text)`)
  await assert.rejects(migrate(pool), { code: 'conflict', message: /newer version/ })
  await assert.rejects(assertMigrated(pool), { code: 'conflict' })
})

test('after a dump is restored on another server, its rows are stable and new ones come after them', async (t) => {
  const pool = await createDatabase(t)
  const { rows } = await pool.query('select pg_snapshot_xmax(pg_current_snapshot()) as next')
  const future = String(BigInt(rows[0].next) + 1_000_000_000n)
  await pool.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch, xid)
     values (1, now(), 1, false, 1, now(), 1, 1, $1)`,
    [future],
  )
  const epochs = async () => (await pool.query('select epoch from log_epoch')).rows.map((row) => row.epoch)
  await migrate(pool)
  await migrate(pool)
  assert.deepEqual(await epochs(), [2])
  assert.equal((await logEnd(pool)).xid, future)
})
