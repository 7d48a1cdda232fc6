import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertMigrated, migrate } from '../../src/postgres/migrate.ts'
import { createPool } from '../../src/postgres/pool.ts'
import { createEmptyDatabase } from '../support/database.ts'

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
