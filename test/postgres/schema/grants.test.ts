import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { createRecompute } from '../../../src/postgres/averages/recompute.ts'
import { createDbRoles } from '../../../src/postgres/schema/grants.ts'
import { DB_ROLES } from '../../../src/postgres/schema/tables.ts'
import { createDueJobs } from '../../../src/postgres/polling/due-jobs.ts'
import { createJobs } from '../../../src/postgres/polling/jobs.ts'
import { createLeases, fenceOf } from '../../../src/postgres/cluster/leases.ts'
import { loadCheckpoint, saveCheckpoint } from '../../../src/postgres/log/log.ts'
import { assertMigrated, migrate } from '../../../src/postgres/schema/migrate.ts'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { trim } from '../../../src/postgres/log/retention.ts'
import { createReadServiceStatus } from '../../../src/postgres/health/status.ts'
import { inTransaction } from '../../../src/postgres/connection/transaction.ts'
import { recorderOf, type TestPrice } from '../../core/averages/recorded-prices.ts'
import { createDatabase, createDatabaseConnection, createEmptyDatabase, createUser } from '../../support/database.ts'
import { until } from '../../support/until.ts'

type DbRole = (typeof DB_ROLES)[number]

const PRICES: readonly TestPrice[] = [1, 2, 3].map((minute) => ({ minute, price: `${minute}.5` }))

const TABLES = [
  'series',
  'series_state',
  'prices',
  'moving_averages',
  'raw_responses',
  'raw_bodies',
  'log_epoch',
  'leases',
  'log_positions',
  'polling_jobs',
  'polling_runs',
  'dead_letters',
  'api_keys',
  'api_sessions',
  'imports',
  'provider_requests',
  'kysely_migration',
]
const VIEWS = ['latest_prices', 'price_history', 'average_history']

/** What each role may do besides reading; everything else is refused. */
const MAY: Readonly<Record<DbRole, readonly string[]>> = {
  mds_ingest: [
    'insert series',
    'insert series_state',
    'update series_state',
    'insert raw_bodies',
    'insert raw_responses',
    'insert prices',
    'insert polling_jobs',
    'update polling_jobs',
    'delete polling_jobs',
    'insert polling_runs',
    'delete polling_runs',
    'insert api_keys',
    'insert api_sessions',
    'delete api_sessions',
    'insert imports',
    'update imports',
    'delete imports',
    'insert provider_requests',
    'update provider_requests',
    'delete provider_requests',
    'insert leases',
    'update leases',
    'update log_epoch',
  ],
  mds_relay: ['insert leases', 'update leases', 'update log_epoch', 'insert log_positions', 'update log_positions'],
  mds_consumer: [
    'insert leases',
    'update leases',
    'update log_epoch',
    'insert log_positions',
    'update log_positions',
    'insert moving_averages',
    'update moving_averages',
    'delete moving_averages',
    'delete prices',
    'delete raw_responses',
    'delete raw_bodies',
    'delete polling_runs',
    'insert dead_letters',
    'update dead_letters',
  ],
  mds_read: [],
}

/** The owner's pool, and one for each role: of a user who is a member of that role only. */
async function createRoles(t: TestContext) {
  const connection = await createDatabaseConnection(t)
  const owner = createPool(connection, { size: 2, onError: () => {} })
  await retryUntilDone(() => createDbRoles(owner))
  const urls = await Promise.all(DB_ROLES.map((role) => createUser(t, connection, role)))
  const pools = urls.map((url) => createPool(url, { size: 2, onError: () => {} }))
  t.after(() => Promise.all([owner, ...pools].map((pool) => pool.end())))
  return { owner, poolOf: (role: DbRole) => pools[DB_ROLES.indexOf(role)]! }
}

/** Roles belong to the server, and another test may be creating the same ones. */
async function retryUntilDone(work: () => Promise<unknown>): Promise<void> {
  const isDone = () =>
    work().then(
      () => true,
      (error) => (/concurrently|duplicate/.test(String(error)) ? false : Promise.reject(error)),
    )
  await until(isDone, 'the roles exist')
}

/** If it is allowed, the statement does nothing: rights are checked before any row is read. */
function statementOf(verb: string, table: string, column: string): string {
  if (verb === 'select') return `select from ${table} where false`
  if (verb === 'insert') return `insert into ${table} ("${column}") select "${column}" from ${table} where false`
  if (verb === 'update') return `update ${table} set "${column}" = "${column}" where false`
  if (verb === 'delete') return `delete from ${table} where false`
  return verb === 'truncate' ? `truncate ${table}` : `alter table ${table} rename to stolen`
}

/** Undefined if it succeeds. */
function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error) => error.code,
  )
}

const VERBS = ['insert', 'update', 'delete', 'truncate', 'alter']

test('each role is refused each statement that its work does not need', async (t) => {
  const { owner, poolOf } = await createRoles(t)
  const wrong: string[] = []
  const { rows } = await owner.query(
    `select table_name, min(column_name) as column_name from information_schema.columns
      where table_schema = 'public' and is_identity = 'NO' and is_generated = 'NEVER' and (table_name, column_name) not in (('series', 'symbol'), ('raw_bodies', 'sha256'))
      group by 1`,
  )
  const columns = new Map(rows.map((row) => [row.table_name, row.column_name]))
  for (const role of DB_ROLES) {
    for (const [table, verb] of TABLES.flatMap((name) => VERBS.map((word) => [name, word] as const))) {
      const code = await codeOf(poolOf(role).query(statementOf(verb, table, columns.get(table) ?? '')))
      const isRight = MAY[role].includes(`${verb} ${table}`) ? code === undefined : code === '42501'
      if (!isRight) wrong.push(`${role} ${verb} ${table}: ${code ?? 'allowed'}`)
    }
    assert.equal(await codeOf(poolOf(role).query('create table mine (id int)')), '42501')
  }
  assert.deepEqual(wrong, [])
})

test('mds_read reads the public views and nothing else', async (t) => {
  const { poolOf } = await createRoles(t)
  for (const table of [...TABLES, ...VIEWS]) {
    const reading = poolOf('mds_read').query(statementOf('select', table, ''))
    if (VIEWS.includes(table)) await reading
    else await assert.rejects(reading, { code: '42501' }, table)
  }
})

test('with its rights each role can do its work', async (t) => {
  const { poolOf } = await createRoles(t)
  const [ingest, relay, consumer] = [poolOf('mds_ingest'), poolOf('mds_relay'), poolOf('mds_consumer')]
  const lease = (await createLeases(ingest, 'one').take('poller'))!
  await recorderOf(ingest)(...PRICES)
  await recorderOf(ingest)({ minute: 1, price: '7' })
  const jobs = createJobs(ingest, systemClock)
  await jobs.create({ symbols: ['AAPL'], provider: 'simulated', intervalSeconds: 60 })
  assert.equal((await createDueJobs(ingest, fenceOf(lease)).upcoming('9999-01-01T00:00:00Z' as never, [])).length, 1)

  const relaying = (await createLeases(relay, 'one').take('relay'))!
  const position = { epoch: '1', xid: '1', id: '1' }
  await inTransaction(relay, (client) => saveCheckpoint(client, 'relay', position), fenceOf(relaying))
  assert.deepEqual(await loadCheckpoint(relay, 'relay'), position)

  const { rows } = await consumer.query('select series_id as "seriesId", event_time as "eventTime" from prices')
  assert.ok((await createRecompute(consumer, [2])(rows)) > 0)
  const { signal } = new AbortController()
  assert.equal(
    await trim(
      { pool: consumer, signal },
      { pricesDays: 1, syntheticProviders: ['simulated'], syntheticDays: 1, runsDays: 1 },
    ),
    PRICES.length + 1,
  )

  for (const pool of [ingest, relay, consumer]) {
    assert.equal((await createReadServiceStatus(pool, { windows: [2], isPublished: true })()).providers.length, 2)
    await assertMigrated(pool)
    assert.deepEqual(await migrate(pool), [])
  }
})

test('new tables get their rights in one transaction if the roles are in use, and no rights if they are not', async (t) => {
  await createRoles(t)
  const pool = createPool(await createEmptyDatabase(t), { size: 2, onError: () => {} })
  t.after(() => pool.end())
  await pool.query('alter default privileges grant select on tables to mds_ingest')
  await retryUntilDone(() => migrate(pool))
  const { rows } = await pool.query(
    `select has_table_privilege('mds_consumer', c.oid, 'select') as may, c.xmin = m.xmin as "atOnce"
       from pg_class c, kysely_migration m where c.oid = 'dead_letters'::regclass limit 1`,
  )
  assert.deepEqual(rows, [{ may: true, atOnce: true }])

  const other = await createDatabase(t, 2)
  const { rows: none } = await other.query(
    `select has_table_privilege('mds_consumer', 'dead_letters', 'select') as may`,
  )
  assert.deepEqual(none, [{ may: false }])
})

test('a user that may not change tables gets the advice to run migrate as the owner', async (t) => {
  const { owner, poolOf } = await createRoles(t)
  await owner.query(`delete from kysely_migration where name like '0005%'`)
  await assert.rejects(migrate(poolOf('mds_ingest')), { code: 'conflict', message: /run market-data migrate/ })
})
