import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { createSymbolVersions } from '../../../src/core/log/symbol-versions.ts'
import { createReadAdditions } from '../../../src/postgres/log/additions.ts'
import { createDatabase } from '../../support/database.ts'

test('a version changes with each price of its symbol, and only then', async (t) => {
  const { pool, versionOf } = await createVersions(t)
  const before = [await versionOf('AAPL'), await versionOf('MSFT')]
  assert.deepEqual([await versionOf('AAPL'), await versionOf('MSFT')], before)
  await insert(pool, 'AAPL', { minute: 1 })
  assert.notEqual(await versionOf('AAPL'), before[0])
  assert.equal(await versionOf('MSFT'), before[1])
  const after = await versionOf('AAPL')
  assert.equal(await versionOf('AAPL'), after)
  assert.notEqual(await versionOf('MSFT', 'AAPL'), undefined)
})

test('a price that was written before others and committed after them changes the version when it is committed', async (t) => {
  const { pool, versionOf } = await createVersions(t)
  const slow = await pool.connect()
  await slow.query('begin')
  await insert(slow, 'AAPL', { minute: 1 })
  await insert(pool, 'MSFT', { minute: 2 })
  const before = await versionOf('AAPL')
  await insert(pool, 'MSFT', { minute: 3 })
  const other = await versionOf('MSFT')
  // Entries that were seen while the transaction was open are not new again.
  assert.deepEqual([await versionOf('AAPL'), await versionOf('MSFT')], [before, other])
  await slow.query('commit')
  slow.release()
  assert.notEqual(await versionOf('AAPL'), before)
  assert.equal(await versionOf('MSFT'), other)
})

test('all versions change if the additions are too many to read, and if the database counts anew', async (t) => {
  const { pool, versionOf } = await createVersions(t)
  const before = await versionOf('MSFT')
  await insert(pool, 'AAPL', { minute: 1, count: 1_001 })
  const many = await versionOf('MSFT')
  assert.notEqual(many, before)
  await pool.query('update log_epoch set epoch = epoch + 1')
  assert.notEqual(await versionOf('MSFT'), many)
})

test('while a transaction stays open and over 1,000 entries came after it, all versions change with each update, instead of a look at all of those', async (t) => {
  const { pool, versionOf } = await createVersions(t)
  const foreign = await pool.connect()
  try {
    await foreign.query('begin')
    await foreign.query('select pg_current_xact_id()')
    await versionOf('AAPL')
    await insert(pool, 'AAPL', { minute: 1, count: 1_001 })
    await versionOf('MSFT')
    assert.notEqual(await versionOf('MSFT'), await versionOf('MSFT'))
    await foreign.query('rollback')
  } finally {
    foreign.release(true)
  }
  await versionOf('MSFT')
  assert.equal(await versionOf('MSFT'), await versionOf('MSFT'), 'exact again')
})

test('callers of one moment share an update, and each gets one that started after its call', async () => {
  const started: PromiseWithResolvers<void>[] = []
  const versions = createSymbolVersions(async () => {
    const run = Promise.withResolvers<void>()
    started.push(run)
    await run.promise
    return { epoch: '1', snapshot: String(started.length), symbols: [] }
  })
  const first = [versions.update(), versions.update()]
  await nextTurn()
  assert.equal(started.length, 1)
  const second = [versions.update(), versions.update()]
  await nextTurn()
  assert.equal(started.length, 1)
  started[0]?.reject(new Error('the database is away'))
  const outcomes = await Promise.allSettled(first)
  assert.deepEqual(new Set(outcomes.map(({ status }) => status)), new Set(['rejected']))
  await nextTurn()
  assert.equal(started.length, 2)
  started[1]?.resolve()
  await Promise.all(second)
})

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

async function createVersions(t: TestContext) {
  const pool = await createDatabase(t)
  await pool.query(
    `insert into series (provider, symbol, currency) values ('scripted', 'AAPL', 'USD'), ('scripted', 'MSFT', 'USD')`,
  )
  const versions = createSymbolVersions(createReadAdditions(pool))
  const versionOf = async (...symbols: string[]) => {
    await versions.update()
    return versions.of(symbols)
  }
  return { pool, versionOf }
}

type Rows = { readonly minute: number; readonly count?: number }

async function insert(client: pg.Pool | pg.ClientBase, symbol: string, { minute, count = 1 }: Rows): Promise<void> {
  await client.query(
    `insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
     select s.id, timestamptz '2025-01-01Z' + $2::integer * interval '1 minute', n, false, 1, now(), 1, (select epoch from log_epoch)
       from series s cross join generate_series(1, $3::integer) as n where s.symbol = $1`,
    [symbol, minute, count],
  )
}
