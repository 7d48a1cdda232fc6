import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createReadServiceStatus } from '../../../src/postgres/health/status.ts'
import { createDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

test('an abandoned prepared transaction is named as the one that holds back the log', async (t) => {
  const pool = await createDatabase(t)
  const gid = (await pool.query('select current_database() as name')).rows[0].name
  await pool.query(`begin; insert into log_positions values ('forgotten', 1, '1', 1); prepare transaction '${gid}'`)
  const isNamed = async () => {
    const { logHeldBy } = await createReadServiceStatus(pool, { windows: [5], isPublished: false })()
    return logHeldBy?.application === `prepared transaction ${gid}` && logHeldBy
  }
  try {
    const holder = await until(isNamed, 'the holder is named')
    assert.equal(holder.pid, null)
    assert.ok(holder.forSeconds >= 1)
  } finally {
    await pool.query(`rollback prepared '${gid}'`)
  }
})
