import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { createPool, endPool, turnover, type Connection } from '../../../src/postgres/connection/pool.ts'
import { inSnapshot, inTransaction, inTransactionFrom, longRead } from '../../../src/postgres/connection/transaction.ts'
import { createDatabaseConnection } from '../../support/database.ts'
import { createProxy } from '../../support/proxy.ts'
import { unavailable } from '../../support/unavailable.ts'

const WRITE = 'insert into written values (1)'

/** As when prices are stored: a lock and a read are sent with the `begin`. */
const openWithLock = (client: pg.PoolClient) =>
  Promise.all([client.query('select pg_advisory_xact_lock(1)'), client.query('select 1')])

/** A pool of one connection, and an empty table to write to. */
async function createHarness(t: TestContext, connection: Connection, answerWithinMs?: number) {
  const pool = createPool(connection, { size: 1, onError: () => {}, answerWithinMs })
  t.after(() => endPool(pool))
  await pool.query('create table written (n integer)')
  return { pool, written: async () => (await pool.query('select from written')).rowCount }
}

test('if the opening of a transaction fails, nothing is written, and the connection stays usable', async (t) => {
  const { pool, written } = await createHarness(t, await createDatabaseConnection(t))
  const connections = turnover(pool)
  const transaction = (opening: string) =>
    inTransactionFrom(pool, { open: (client) => client.query(opening), work: (client) => client.query(WRITE) })
  await assert.rejects(transaction('select 1 / 0'), /division by zero/)
  assert.equal(await written(), 0)
  await transaction('select 1')
  assert.equal(await written(), 1)
  assert.equal(turnover(pool), connections)
})

test('a transaction takes three round trips, however many statements it opens with and sends at once', async (t) => {
  const proxy = await createProxy(t, await createDatabaseConnection(t))
  const { pool, written } = await createHarness(t, proxy.url)
  const before = proxy.sentCount()
  await inTransactionFrom(pool, {
    open: openWithLock,
    work: (client) => Promise.all([client.query(WRITE), client.query(WRITE)]),
  })
  assert.equal(proxy.sentCount() - before, 3)
  assert.equal(await written(), 2)
})

test('if the first of several statements sent at once fails, its error is thrown, the others write nothing, and the connection stays usable', async (t) => {
  const { pool, written } = await createHarness(t, await createDatabaseConnection(t))
  const connections = turnover(pool)
  await assert.rejects(
    inTransaction(pool, (client) => Promise.all([client.query('select 1 / 0'), client.query(WRITE)])),
    /division by zero/,
  )
  assert.equal(await written(), 0)
  assert.equal(turnover(pool), connections)
})

/** The client gave up, or the server did. */
const TOO_LATE = unavailable(/Query read timeout|statement timeout/)

const lockAndWrite = (pool: pg.Pool) =>
  inTransactionFrom(pool, { open: openWithLock, work: (client) => client.query(WRITE) })

test('a transaction that waits too long for a lock fails in time, and the next one that gets it works', async (t) => {
  const connection = await createDatabaseConnection(t)
  const { pool, written } = await createHarness(t, connection, 2_000)
  const holder = createPool(connection, { size: 1, onError: () => {} })
  t.after(() => endPool(holder))
  await inTransactionFrom(holder, { open: openWithLock, work: () => assert.rejects(lockAndWrite(pool), TOO_LATE) })
  await lockAndWrite(pool)
  assert.equal(await written(), 1)
})

test('a transaction whose opening gets no answer fails in time, and the next one works on a new connection', async (t) => {
  const proxy = await createProxy(t, await createDatabaseConnection(t))
  const { pool, written } = await createHarness(t, proxy.url, 2_000)
  const connections = turnover(pool)
  proxy.silence()
  await assert.rejects(lockAndWrite(pool), TOO_LATE)
  await lockAndWrite(pool)
  assert.equal(await written(), 1)
  assert.notEqual(turnover(pool), connections)
})

test('in a snapshot a long read may exceed the time limit of its pool', async (t) => {
  const { pool } = await createHarness(t, await createDatabaseConnection(t), 1_000)
  const sleep = `select 'done' as outcome from pg_sleep(1.5)`
  const { rows } = await inSnapshot(pool, (client) => client.query(longRead(sleep)))
  assert.deepEqual(rows, [{ outcome: 'done' }])
  await assert.rejects(pool.query(sleep), unavailable(/timeout/))
})
