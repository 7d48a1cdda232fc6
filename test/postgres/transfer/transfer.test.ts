import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type pg from 'pg'
import { averagesReader } from '../../../src/core/averages/advance.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { createJobs } from '../../../src/postgres/polling/jobs.ts'
import { createKeyTable, createSessions } from '../../../src/postgres/access/api-keys.ts'
import { createReadLog, saveCheckpoint } from '../../../src/postgres/log/log.ts'
import { assertMigrated, executedNames, migrate, migrateTo } from '../../../src/postgres/schema/migrate.ts'
import { copyDatabase } from '../../../src/postgres/transfer/copy.ts'
import { dump } from '../../../src/postgres/transfer/dump.ts'
import { readDumpFile, writeDumpFile } from '../../../src/postgres/transfer/dump-file.ts'
import { restore } from '../../../src/postgres/transfer/restore.ts'
import { TABLES } from '../../../src/postgres/schema/tables.ts'
import { countSessions } from '../../../src/postgres/transfer/target.ts'
import { createPool, type Connection } from '../../../src/postgres/connection/pool.ts'
import { readStableLog, recorderOf } from '../../core/averages/recorded-prices.ts'
import { createDatabase, createDatabaseConnection, createEmptyDatabase, createUser } from '../../support/database.ts'
import { untilStable } from '../../support/stable.ts'
import { until } from '../../support/until.ts'

const watching = { onProgress: () => {}, signal: new AbortController().signal }

/** One session, as a command has; any other session on the database counts as a service. */
function createSession(t: TestContext, connection: Connection): pg.Pool {
  const pool = createPool(connection, { size: 1, onError: () => {} })
  t.after(() => pool.end())
  return pool
}

async function createTarget(t: TestContext): Promise<pg.Pool> {
  return createSession(t, await createEmptyDatabase(t))
}

/** Prices with corrections, and something in every other table. */
async function createSource(t: TestContext) {
  const connection = await createDatabaseConnection(t)
  const pool = createSession(t, connection)
  const recordPrices = recorderOf(pool)
  for (let minute = 0; minute < 40; minute += 2) {
    await recordPrices({ minute, price: `${minute}.50` }, { minute, symbol: 'MSFT', price: `4e${minute % 9}` })
    await recordPrices(
      { minute: minute - 2, price: `${minute}.123456789012345678` },
      { minute: minute + 1, price: '7' },
    )
  }
  const entries = await readStableLog(pool)
  await createRecompute(pool, [5])(entries)
  for (const reader of [averagesReader(5), 'relay']) await saveCheckpoint(pool, reader, entries.at(-1)!.position)
  const jobs = createJobs(pool, systemClock)
  await jobs.create({ symbols: ['AAPL', 'MSFT'], provider: 'recorded', intervalSeconds: 60 })
  await pool.query(ODD_ROWS)
  const keys = createKeyTable(pool)
  for (const id of ['admin', 'gone']) await addKey(pool, id)
  await keys.revoke('gone')
  await createSessions(pool).open({ id: 'page', digest: Buffer.from('page') }, 'admin', 60)
  return { connection, pool, recordPrices, jobs, keys, entries }
}

const ODD_ROWS = `
  insert into polling_runs (job_id, started_at, finished_at, outcome, error, reply_sha256)
  select id, now(), now(), 'failed', '{"code": "no_price", "detail": "a \\"quote\\" and a\\nline"}', '\\x00ff' from polling_jobs;
  insert into dead_letters (topic_id, topic, partition, record_offset, key, value, headers, reason, detail, consumer_group)
  values ('0197f0c2-0000-7000-8000-000000000000', 'price-events', 0, 17, null, '\\x00', '[["a\\u0000b",null]]', 'x', 'é[",\\', 'g');
  insert into imports (provider, sha256, lines, file) values ('import', '\\x01', 5, 'prices.csv')`

function addKey(pool: pg.Pool, id: string) {
  return createKeyTable(pool).insert({ id, digest: Buffer.from(id) }, { name: id, scopes: ['admin'], expiresAt: null })
}

async function dumpOf(pool: pg.Pool): Promise<Buffer> {
  const sink = new PassThrough()
  const [file] = await Promise.all([buffer(sink), writeDumpFile(sink, (write) => dump(pool, { write, ...watching }))])
  return file
}

/** The server notices a moment later than we do that a session has ended. */
async function endService(service: pg.Pool, other: pg.Pool): Promise<void> {
  await service.end()
  await until(async () => (await countSessions(other)) === 0, 'the service has disconnected')
}

/** Every row that is copied, a line each. */
async function rowsOf(pool: pg.Pool): Promise<readonly string[]> {
  const lines: string[] = []
  await dump(pool, { ...watching, write: async (some) => void lines.push(...some) })
  return lines.slice(1)
}

function restoreFrom(file: Buffer, pool: pg.Pool) {
  return restore(pool, readDumpFile(Readable.from([file])), watching)
}

/** Everything in the source is in the target as it was, and new entries come after all of it. */
async function assertMoved(source: pg.Pool, target: pg.Pool): Promise<void> {
  assert.deepEqual(await rowsOf(target), await rowsOf(source))
  const old = await readStableLog(source)
  const [half, last] = [old[Math.floor(old.length / 2)]!, old.at(-1)!]
  await recorderOf(target)({ minute: 100, price: '1' })
  await untilStable(target)
  const entries = await createReadLog(target)(half.position, 10_000)
  assert.deepEqual(entries.slice(0, -1), old.slice(old.indexOf(half) + 1))
  assert.equal(entries.at(-1)?.priceId, `${Number(last.priceId) + 1}`)
  assert.equal(Number(entries.at(-1)?.position.epoch), Number(last.position.epoch) + 1)
}

test('every table is copied, or recorded as not copied', async (t) => {
  const pool = await createDatabase(t)
  const { rows } = await pool.query(
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'`,
  )
  assert.deepEqual(new Set(rows.map(({ relname }) => relname)), new Set(TABLES.map(({ name }) => name)))
})

test('a copy has every row as it was, and its log continues after them', async (t) => {
  const { pool } = await createSource(t)
  const target = await createTarget(t)
  const { isFinished, rows } = await copyDatabase(pool, target, watching)
  assert.deepEqual([isFinished, rows['polling_jobs'], rows['imports']], [true, 2, 1])
  await migrate(target)
  await assertMoved(pool, target)
})

test('a copy beside a running service is not final: the next one transfers what was added, changed or deleted since', async (t) => {
  const { connection, pool, recordPrices, jobs, keys } = await createSource(t)
  const target = await createTarget(t)
  const service = createPool(connection, { size: 1, onError: () => {} })
  await service.query('select 1')
  assert.equal((await copyDatabase(pool, target, watching)).isFinished, false)
  await endService(service, pool)

  const [{ jobId } = assert.fail()] = (await jobs.list({ limit: 1 })).data
  await jobs.remove(jobId)
  await jobs.create({ symbols: ['AAPL'], provider: 'recorded', intervalSeconds: 90 })
  await keys.revoke('admin')
  await recordPrices({ minute: 3, price: '8' }, { minute: 50, symbol: 'TSLA', price: '9' })
  await pool.query('delete from prices where id in (select id from prices order by id limit 3)')
  await pool.query(
    'update moving_averages set average = average + 1 where event_time = (select max(event_time) from moving_averages)',
  )
  assert.equal((await copyDatabase(pool, target, watching)).isFinished, true)
  await assertMoved(pool, target)
})

test('no service starts on a partly filled database, and one with rows is not filled', async (t) => {
  const { connection, pool } = await createSource(t)
  const target = await createTarget(t)
  const service = createPool(connection, { size: 1, onError: () => {} })
  await service.query('select 1')
  await copyDatabase(pool, target, watching)
  for (const start of [migrate, assertMigrated]) {
    await assert.rejects(start(target), { code: 'conflict', message: /copy or restore, .*run it again/ })
  }
  await endService(service, pool)
  await copyDatabase(pool, target, watching)
  await migrate(target)
  await assert.rejects(copyDatabase(pool, target, watching), { code: 'conflict', message: /is not empty/ })
  await assert.rejects(restoreFrom(await dumpOf(pool), target), { code: 'conflict', message: /is not empty/ })
})

test('a database that a service uses is not filled', async (t) => {
  const connection = await createDatabaseConnection(t)
  const [source, service] = [await createDatabase(t), createSession(t, connection)]
  await service.query('select 1')
  const copying = copyDatabase(source, createSession(t, connection), watching)
  await assert.rejects(copying, { code: 'conflict', message: /A service runs/ })
})

test('a dump restores every row as it was, and the log continues after them', async (t) => {
  const { pool } = await createSource(t)
  const target = await createTarget(t)
  await restoreFrom(await dumpOf(pool), target)
  await assertMoved(pool, target)
})

test('a dump by a user who may only read the tables continues after its highest id', async (t) => {
  const { connection, pool } = await createSource(t)
  const reader = await createUser(t, connection, 'pg_read_all_settings')
  await pool.query(`grant select on all tables in schema public to ${new URL(reader).username}`)
  const target = await createTarget(t)
  await restoreFrom(await dumpOf(createSession(t, reader)), target)
  await assertMoved(pool, target)
  await addKey(target, 'new')
})

test('a truncated or changed dump is detected, and no service starts until a complete one is restored', async (t) => {
  const { pool } = await createSource(t)
  const target = await createTarget(t)
  const whole = await dumpOf(pool)
  for (const share of [0, 0.5, 0.9]) {
    const part = whole.subarray(0, Math.floor(whole.length * share))
    await assert.rejects(restoreFrom(part, target), { code: 'invalid_request', message: /Not a complete/ })
  }
  const changed = gzipSync(gunzipSync(whole).toString().replace('"4.50"', '"4.51"'))
  await assert.rejects(restoreFrom(changed, target), { code: 'invalid_request', message: /truncated or changed/ })
  const swapped = gzipSync(gunzipSync(whole).toString().replace('"id","symbol"', '"symbol","id"'))
  await assert.rejects(restoreFrom(swapped, target), { code: 'invalid_request', message: /not the columns/ })
  await assert.rejects(migrate(target), { code: 'conflict' })
  await restoreFrom(whole, target)
  await assertMoved(pool, target)
})

test('a dump of an older version is restored and migrated to this one', async (t) => {
  const old = await createTarget(t)
  const names = await executedNames(await createDatabase(t))
  await migrateTo(old, names.slice(0, 1))
  await recorderOf(old)({ minute: 1, price: '1.5' })
  const target = await createTarget(t)
  await restoreFrom(await dumpOf(old), target)
  await assertMigrated(target)
  assert.deepEqual(
    (await readStableLog(target)).map(({ price }) => price),
    ['1.5'],
  )
})

async function* headerOnly(header: object) {
  yield JSON.stringify({ format: 'market-data-dump', version: 1, tables: [], ...header })
}

test('a dump of a newer version is refused before anything is done', async (t) => {
  const target = await createTarget(t)
  for (const header of [{ version: 2, migrations: [] }, { migrations: ['9999-later'] }]) {
    await assert.rejects(restore(target, headerOnly(header), watching), { code: 'conflict', message: /newer version/ })
  }
  await migrate(target)
})

test('while a dump is written, prices are stored and the log shows them', async (t) => {
  const { connection, pool } = await createSource(t)
  const service = createSession(t, connection)
  const write = async (lines: readonly string[]) => {
    if (!lines[0]?.startsWith('["prices"')) return
    await recorderOf(service)({ minute: 90, price: '3' })
    await untilStable(service)
  }
  await dump(pool, { write, ...watching })
  assert.equal((await readStableLog(pool)).at(-1)?.price, '3')
})
