import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { createKafkaOutageLog, createStorageOutageLog } from '../../src/app/outage-log.ts'
import { storageFailureOf, toStorageError } from '../../src/postgres/connection/errors.ts'
import { createPool, observePool } from '../../src/postgres/connection/pool.ts'
import { inTransaction } from '../../src/postgres/connection/transaction.ts'
import { createDatabase } from '../support/database.ts'

const AWAY = toStorageError(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }))
const FULL = toStorageError(
  Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' }),
)

function createLines() {
  const lines: string[] = []
  const note = (level: string) => (details: unknown, message?: string) =>
    void lines.push(`${level}: ${message ?? String(details)}`)
  const log = { error: note('error'), warn: note('warn'), info: note('info'), debug: () => {} }
  return { lines, note, log }
}

/** A storage that fails as the test says, observed as a pool is, and the lines that were logged. */
function createStorage() {
  const { lines, log } = createLines()
  let now = 0
  const clock = { monotonic: () => now }
  const outageLog = createStorageOutageLog({ log: log as never, clock, location: '/data' })
  let failure: unknown
  const act = (hasStored: boolean) => async () => {
    const kind = storageFailureOf(failure)
    if (failure !== undefined && kind !== undefined) outageLog.failed(kind, failure)
    if (failure !== undefined) throw failure
    outageLog.worked(hasStored)
    return 1
  }
  return {
    lines,
    outageLog,
    read: act(false),
    write: act(true),
    fails: (error: unknown) => void (failure = error),
    pass: (ms: number) => void (now += ms),
  }
}

test('an unavailable database is logged once, however many callers notice, and once more when it is available again', async () => {
  const { lines, read, write, fails } = createStorage()
  fails(AWAY)
  for (const request of [read, write, read]) await assert.rejects(request(), AWAY as Error)
  fails(undefined)
  assert.deepEqual([await read(), await write()], [1, 1])
  assert.deepEqual(lines, ['warn: The database does not answer.', 'info: The database answers again.'])
})

test('a database that stays unavailable is logged once a minute', async () => {
  const { lines, read, fails, pass } = createStorage()
  fails(AWAY)
  for (let second = 0; second <= 70; second += 2) {
    await assert.rejects(read())
    pass(2_000)
  }
  assert.deepEqual(lines, ['warn: The database does not answer.', 'warn: The database does not answer.'])
})

test('a full disk is logged once as an error that names the location, until something can be written again', async () => {
  const { lines, read, write, fails } = createStorage()
  for (let times = 1; times <= 3; times++) {
    fails(FULL)
    await assert.rejects(write(), FULL as Error)
    fails(undefined)
    await read()
  }
  assert.deepEqual(lines, ['error: The disk is full: make room for /data.'])
  await write()
  assert.equal(lines.at(-1), 'info: The disk has room again.')
})

test('an error of a request is not logged as an outage, and a loop may still warn of it', async () => {
  const { log, note, lines } = createLines()
  const outageLog = createStorageOutageLog({
    log: { ...log, debug: note('debug') } as never,
    clock: { monotonic: () => 0 },
    location: '/data',
  })
  outageLog.log.warn({ err: new Error('a mistake of ours') }, 'mistaken')
  outageLog.log.warn({ err: AWAY }, 'jobs cannot be read now')
  assert.deepEqual(lines, ['warn: mistaken', 'debug: jobs cannot be read now'])
})

const FAIL_FOR_SPACE = `do $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$`

/** Logs the outages of a pool. */
function observe(t: TestContext, pool: ReturnType<typeof createPool>) {
  t.after(() => pool.end())
  const { lines, log } = createLines()
  observePool(pool, createStorageOutageLog({ log: log as never, clock: { monotonic: () => 0 }, location: '/data' }))
  return lines
}

test('a pool reports its own failure and those of its connections, and leaves every other error alone', async (t) => {
  const nowhere = { host: '127.0.0.1', port: 1, user: 'nobody', database: 'none' }
  const away = createPool(nowhere, { size: 1, onError: () => {} })
  const failing = observe(t, away)
  await assert.rejects(away.query('select 1'), { code: 'storage_unavailable' })
  await assert.rejects(
    inTransaction(away, (client) => client.query('select 1')),
    { code: 'storage_unavailable' },
  )
  assert.deepEqual(failing, ['warn: The database does not answer.'])

  const pool = await createDatabase(t, 1)
  const { lines, log } = createLines()
  observePool(pool, createStorageOutageLog({ log: log as never, clock: { monotonic: () => 0 }, location: '/data' }))
  await assert.rejects(pool.query('select 1 / 0'), { code: '22012' })
  assert.deepEqual(lines, [])
  await assert.rejects(
    inTransaction(pool, (client) => client.query(FAIL_FOR_SPACE)),
    { code: 'storage_unavailable', message: 'The disk is full.' },
  )
  assert.deepEqual(lines, ['error: The disk is full: make room for /data.'])
  await pool.query('select 1')
  assert.equal(lines.length, 1)
  await pool.query('create table filled (n integer)')
  await inTransaction(pool, (client) => client.query('insert into filled values (1)'))
  assert.equal(lines.at(-1), 'info: The disk has room again.')
})

test('an outage of Kafka is logged at once, then once a minute with a count, and once more when it is over', () => {
  const lines: [string, object][] = []
  const note = (level: string) => (details: object) => void lines.push([level, details])
  const log = { warn: note('warn'), info: note('info'), debug: () => {} }
  let now = 0
  const outageLog = createKafkaOutageLog({ log: log as never, clock: { monotonic: () => now } })
  outageLog.worked('relay')
  for (let second = 0; second <= 70; second += 2) {
    now = second * 1_000
    outageLog.failed('relay', new Error('away'))
  }
  outageLog.worked('relay')
  outageLog.worked('relay')
  assert.deepEqual(lines, [
    ['warn', { component: 'relay', reason: 'away', failures: 1 }],
    ['warn', { component: 'relay', reason: 'away', failures: 31 }],
    ['info', { component: 'relay', failures: 36 }],
  ])
})
