import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type pg from 'pg'
import { ask } from '../support/request.ts'
import { asGrafanaSends, dashboardQueries } from '../support/dashboards.ts'
import { groupLag, readTopic } from '../support/kafka-records.ts'
import { accessTo, freshName, kafkaBrokers, needsKafka } from '../support/kafka.ts'
import { runCommand } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import {
  createOldTopic,
  linesOf,
  loadOldDatabase,
  readOldMessages,
  REVOKED_KEY,
  runOn,
  takeOver,
  VALID_KEY,
  type OldDatabase,
} from '../support/version-0-1-0.ts'

// The program of today continues what version 0.1.0 left behind when it was killed.

/** Every average with the transaction that wrote it: an average that is written again differs, even if it is equal. */
const AVERAGES = 'select xmin, a::text from moving_averages a order by series_id, window_size, event_time'

const JOBS = [
  'AAPL yfinance 2 active',
  'GONE yfinance 60 failing',
  'MSFT yfinance 3600 active',
  'NVDA replay 1 paused',
  'TSLA simulated 1 paused',
]

test('on a database of 0.1.0 the keys, jobs and dead letters are as they were, and no average is written again', async (t) => {
  const old = await loadOldDatabase(t, 'database.sql')
  const { pool } = old
  const [averages, readers] = [await linesOf(pool, AVERAGES), await linesOf(pool, READERS)]
  const { url } = await takeOver(t, old)

  const statusWith = async (headers = {}) => (await ask(`${url}/providers`, { headers })).status
  assert.deepEqual([await statusWith(VALID_KEY), await statusWith(REVOKED_KEY), await statusWith()], [200, 401, 401])
  assert.deepEqual(await jobsOf(url), JOBS)
  assert.deepEqual(await reasonsOf(old), ['wrong_fields'])
  assert.deepEqual(await reasonsOf(old, '--all'), ['not_json', 'wrong_fields'])

  await until(async () => (await linesOf(pool, UNSWEPT)).length === 0, 'the sweep has looked at every price')
  assert.deepEqual(await linesOf(pool, AVERAGES), averages)
  assert.deepEqual(await linesOf(pool, READERS), readers, 'every reader of the log is known by its name')
  await assertVerified(old)
})

const READERS = 'select reader from log_positions order by reader'
const UNSWEPT = `
  select from log_positions sweep join log_positions averages on averages.reader = replace(sweep.reader, 'sweep', 'averages')
   where sweep.reader like 'sweep:%' and (sweep.epoch, sweep.xid, sweep.id) < (averages.epoch, averages.xid, averages.id)`

async function jobsOf(url: string): Promise<readonly string[]> {
  const { json } = await ask(`${url}/prices/poll`, { headers: VALID_KEY })
  const jobs = json.data as { symbol: string; provider: string; interval_seconds: string; status: string }[]
  return jobs.map((job) => `${job.symbol} ${job.provider} ${job.interval_seconds} ${job.status}`).toSorted()
}

async function reasonsOf(old: OldDatabase, ...options: readonly string[]): Promise<readonly string[]> {
  const lines = (await runOn(old, 'dead-letters', 'list', '--json', ...options)).split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line).reason)
}

/** Every price is still what its stored reply says, and every average what its prices say. */
async function assertVerified(old: OldDatabase): Promise<void> {
  const { checked_prices, difference_count, lagging } = JSON.parse(await runOn(old, 'verify', '--json'))
  const { rowCount } = await old.pool.query('select from prices')
  assert.deepEqual([checked_prices, difference_count, lagging], [rowCount, 0, 0])
}

test('the leases of a process of 0.1.0 that died are taken over, and the poll it had claimed runs again', async (t) => {
  const old = await loadOldDatabase(t, 'database.sql')
  const { pool } = old
  const expected = await linesOf(pool, `select name, epoch + 1 from leases where name <> 'relay' order by name`)
  assert.deepEqual(await linesOf(pool, CLAIMED), ['AAPL yfinance'])
  const lastRun = Number(await linesOf(pool, 'select max(id) from polling_runs'))
  await takeOver(t, old)

  await until(async () => (await linesOf(pool, HELD)).length === expected.length, 'the leases have a new holder')
  assert.deepEqual(await linesOf(pool, HELD), expected)
  const outcome = `
    select outcome from polling_runs r join polling_jobs j on j.id = r.job_id
     where j.symbol = 'AAPL' and r.id > ${lastRun} order by r.id limit 1`
  await until(async () => (await linesOf(pool, outcome)).length > 0, 'the poll runs again')
  assert.deepEqual(await linesOf(pool, outcome), ['confirmed'])
})

const CLAIMED = 'select symbol, provider from polling_jobs where claimed_run_at is not null'
/** Without Kafka there is no relay. The holders of 0.1.0 were on a machine of that name. */
const HELD = `
  select name, epoch from leases
   where holder not like 'old-host:%' and expires_at > clock_timestamp() and name <> 'relay' order by name`

test('every SQL view and every SQL query of the dashboards answers with rows on a database of 0.1.0', async (t) => {
  const old = await loadOldDatabase(t, 'database.sql')
  const { pool } = old
  const before = await linesOf(pool, COLUMNS_OF_VIEWS)
  await runOn(old, 'migrate')
  const columns = new Set(await linesOf(pool, COLUMNS_OF_VIEWS))
  assert.deepEqual(
    before.filter((column) => !columns.has(column)),
    [],
    'every column of a view is still there',
  )
  const views = await linesOf(pool, VIEWS)
  assert.deepEqual(views, documentedViews().toSorted())
  for (const view of views) assert.ok((await pool.query(`select * from ${view}`)).rowCount, view)

  const queries = dashboardQueries().filter(({ datasource }) => datasource === 'prices')
  assert.ok(queries.length > 5)
  for (const { of, text } of queries) {
    // At any time: the prices of the fixture are not of the last hour.
    const sql = text.replaceAll(/\$__timeFilter\((\w+)\)/g, '$1 is not null')
    const { rowCount } = await pool.query(asGrafanaSends(sql, { symbol: 'AAPL', provider: 'import' }))
    assert.ok(rowCount, of)
  }
})

const VIEWS = `select viewname from pg_views where schemaname = 'public' order by viewname`
const COLUMNS_OF_VIEWS = `
  select table_name, column_name from information_schema.columns
   where table_name in (select viewname from pg_views where schemaname = 'public')`

function documentedViews(): string[] {
  const page = readFileSync(join(import.meta.dirname, '../../docs/reference/sql.md'), 'utf8')
  return [...page.matchAll(/^## `(\w+)`$/gm)].map(([, name = '']) => name)
}

test(
  'nothing that 0.1.0 published is published twice, and its messages, read again from the first, change nothing',
  needsKafka,
  async (t) => {
    const [KAFKA_BROKERS, topic] = [await kafkaBrokers(), freshName(t)]
    const access = accessTo(KAFKA_BROKERS)
    await createOldTopic(access, topic)
    const old = await loadOldDatabase(t, 'database.sql')
    const { pool } = old
    const [averages, letters] = [await linesOf(pool, AVERAGES), await linesOf(pool, DEAD_LETTERS)]
    const published = readOldMessages()
    assert.equal(published.length, (await pool.query('select from prices')).rowCount)
    assert.ok(published.every(({ headers }) => headers.some(([name]) => name === 'mds.place')))
    const { quote } = await takeOver(t, old, { KAFKA_BROKERS, KAFKA_TOPIC: topic })

    // On this topic the group has no offsets yet, so it reads from the first message.
    const isRead = async () => (await groupLag(access, `${topic}.averages`, topic)) === 0
    await until(isRead, 'every old message is read')
    assert.deepEqual(await linesOf(pool, DEAD_LETTERS), letters, 'every old message is understood')
    assert.deepEqual(await linesOf(pool, AVERAGES), averages, 'no old message changes an average')

    quote('AAPL', '198.125', (await newestSeconds(pool)) + 60)
    const added = async () => (await linesOf(pool, AVERAGES)).filter((line) => !averages.includes(line))
    await until(async () => (await added()).length === 2, 'the new price is in an average of each window')
    // Had the relay repeated anything, it would be on the topic before the message that brought these averages.
    const records = await readTopic(access, topic)
    const known = new Set(published.map(({ value }) => value))
    assert.deepEqual(
      records.filter(({ value }) => !known.has(value)).map(({ key, value }) => [key, JSON.parse(value).price]),
      [['AAPL', 198.125]],
    )
    assert.equal(records.length, published.length + 1)
    assert.equal((await linesOf(pool, AVERAGES)).length, averages.length + 2, 'and the others are untouched')
    await assertVerified(old)
  },
)

const DEAD_LETTERS = 'select id, topic, partition, record_offset, attempts from dead_letters order by id'

async function newestSeconds(pool: pg.Pool): Promise<number> {
  const newest = `
    select extract(epoch from event_time)::integer from latest_prices where symbol = 'AAPL' and provider = 'yfinance'`
  return Number(await linesOf(pool, newest))
}

test('a copy that was killed under 0.1.0 is refused by the service, until the copy of today completes it', async (t) => {
  const [source, target] = [await loadOldDatabase(t, 'database.sql'), await loadOldDatabase(t, 'half-copy.sql')]
  const [arrived, all] = [await linesOf(target.pool, PRICES), await linesOf(source.pool, PRICES)]
  assert.ok(arrived.length > 0 && arrived.length < all.length)
  const refused = await runCommand(['serve'], { env: target.env })
  assert.deepEqual([refused.code, refused.stdout], [1, ''])
  assert.match(refused.stderr, /copy/)

  await runOn(source, 'migrate')
  const copied = JSON.parse(await runOn(source, 'copy', '--to', target.env.DATABASE_URL, '--json'))
  assert.deepEqual([copied.finished, copied.rows.prices], [true, all.length])
  const now = await linesOf(target.pool, PRICES)
  assert.deepEqual(now.slice(0, arrived.length), arrived, 'what had arrived is not written again')
  for (const table of COPIED) {
    const rows = `select one::text from ${table} as one order by 1`
    assert.deepEqual(await linesOf(target.pool, rows), await linesOf(source.pool, rows), table)
  }

  const averages = await linesOf(target.pool, AVERAGES)
  const { url } = await takeOver(t, target)
  assert.deepEqual(await jobsOf(url), JOBS)
  assert.deepEqual(await linesOf(target.pool, AVERAGES), averages)
  await assertVerified(target)
})

const PRICES = 'select xmin, p::text from prices p order by id'
const COPIED = [
  'prices',
  'moving_averages',
  'raw_responses',
  'log_positions',
  'polling_runs',
  'dead_letters',
  'imports',
  'api_keys',
]
