import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { createStoreReply } from '../../../src/postgres/ingest/store-reply.ts'
import { createPool, endPool, observePool } from '../../../src/postgres/connection/pool.ts'
import { createDatabase, createDatabaseConnection } from '../../support/database.ts'
import { outcomesOf, quote, replyAt, storing } from './stored-replies.ts'

/** Makes the next transaction of a pool begin with a statement that fails. */
function breakBegin(pool: pg.Pool): void {
  pool.once('acquire', (client) => {
    const query = client.query.bind(client)
    const broken = (...args: unknown[]) => {
      if (args[0] !== 'begin') return query(...(args as [string]))
      Object.assign(client, { query })
      return query('select 1 / 0')
    }
    Object.assign(client, { query: broken })
  })
}

test('if a transaction cannot begin, nothing is written by what was sent with it, however many replies it has', async (t) => {
  const pool = await createDatabase(t, 1)
  const store = storing(pool)
  const symbols = ['A', 'B', 'C']
  await store(0, ...symbols.map((symbol) => ({ symbol })))
  const counts = async () =>
    (
      await pool.query(
        'select (select count(*) from prices) as prices, (select count(*) from raw_responses) as replies, (select count(*) from raw_bodies) as bodies',
      )
    ).rows
  const before = await counts()
  breakBegin(pool)
  await assert.rejects(store(1, { symbol: 'A', marketState: 'post' }), /division by zero/)
  assert.deepEqual(await counts(), before)
  const { rows } = await pool.query(`select distinct market_state from series_state`)
  assert.equal(rows.length, 1)
  assert.deepEqual(outcomesOf(await store(2, { symbol: 'A' })), ['recorded'])
})

const reply = (from: number, length: number) => Array.from({ length }, (_, at) => ({ symbol: `S${from + at}` }))

test('a session that began with tiny tables looks up each price and state by an index once they are large', async (t) => {
  const connection = await createDatabaseConnection(t)
  const [pool, other] = [createPool(connection, ONE), createPool(connection, ONE)]
  t.after(() => Promise.all([endPool(pool), endPool(other)]))
  const store = storing(pool)
  await store(1, ...reply(0, 10))
  // As an early autovacuum: whatever is planned now is planned for tables of one page.
  await other.query('analyze prices; analyze series_state')
  for (let at = 2; at <= 12; at += 1) await store(at, ...reply(0, 10), { symbol: 'S0', event: 1, price: '2' })
  for (let at = 13; at <= 24; at += 1) await store(at, ...reply(0, 10))
  for (let from = 0; from < 2_000; from += 100) await store(100 + from, ...reply(from, 100))

  const blocksUsed = async () => {
    await pool.query('select pg_stat_force_next_flush()')
    return Number((await other.query(BLOCKS_USED)).rows[0].n)
  }
  const before = await blocksUsed()
  await store(3_000, ...reply(1_000, 100))
  const perPrice = ((await blocksUsed()) - before) / 100
  assert.ok(perPrice > 1 && perPrice < 30, `${perPrice} blocks per price`)
})

const ONE = { size: 1, onError: () => {} }

const BLOCKS_USED = `
  select sum(heap_blks_read + heap_blks_hit + idx_blks_read + idx_blks_hit)::text as n
    from pg_statio_user_tables where relname in ('prices', 'series_state')`

test('all replies, however they are grouped, use a few prepared statements', async (t) => {
  const pool = await createDatabase(t, 1)
  const store = storing(pool)
  for (let at = 1; at <= 30; at += 1) {
    await Promise.all(
      Array.from({ length: at }, (_, n) => store(at, { symbol: `S${n}` }, ...(n % 3 ? [{ symbol: `T${n}` }] : []))),
    )
    await store(at, { symbol: 'S1' })
  }
  const { rows } = await pool.query(`select name from pg_prepared_statements order by name`)
  assert.deepEqual(
    rows.map(({ name }) => name),
    ['confirm', 'lock-for-storing', 'store-new'],
  )
})

test('prices that were stored show the observers of the pool that the disk has space', async (t) => {
  const pool = await createDatabase(t)
  const store = storing(pool)
  await store(1, { price: '1' })
  const seen: boolean[] = []
  observePool(pool, { failed: () => {}, worked: (hasStored) => void seen.push(hasStored) })
  await store(2, { price: '2' })
  assert.ok(seen.includes(true))
})

test('every character of a provider is kept, in its spelling of a symbol and in the list of requested ones', async (t) => {
  const pool = await createDatabase(t)
  const texts = ['A"B', 'A\\B', '{A}', 'A,B', 'NULL', 'null', "A'B", '\\"']
  const results = texts.map((text, at) => ({
    symbol: `S${at}`,
    quote: quote({ symbol: `S${at}`, providerSymbol: text }),
  }))
  await createStoreReply(pool)(replyAt(1, texts), results)
  const { rows } = await pool.query(`
    select symbols, (select json_agg(provider_symbol order by series_id) from series_state) as spellings from raw_responses`)
  assert.deepEqual(rows, [{ symbols: texts, spellings: texts }])
})
