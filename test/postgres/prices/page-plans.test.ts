import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type pg from 'pg'
import { averagesStatement } from '../../../src/postgres/averages/averages.ts'
import type { NamedStatement } from '../../../src/postgres/connection/pages.ts'
import { historyStatement } from '../../../src/postgres/prices/history.ts'
import type { Instant } from '../../../src/lib/instant.ts'
import { createDatabase } from '../../support/database.ts'

const LIMIT = 20
const [SERIES, TIMES] = [60, 300]
const second = (n: number) => new Date(Date.UTC(2025, 0, 1, 0, 0, n)).toISOString() as Instant

/** All statements of pages, each with a key in the middle and at the end that its order reaches last. */
function statements(range: { readonly from?: Instant; readonly to?: Instant }): readonly NamedStatement[] {
  const orders = ['asc', 'desc'] as const
  return orders.flatMap((order) => {
    const keys = [undefined, second(150), order === 'asc' ? second(TIMES - 10) : second(10)]
    return keys.flatMap((eventTime) => {
      const after = eventTime && { eventTime, seriesId: '30', revision: 1 }
      const request = { provider: 'simulated', symbol: 'S30', order, limit: LIMIT, after, ...range }
      return [
        historyStatement({ ...request, withSuperseded: true }),
        historyStatement({ ...request, withSuperseded: false }),
        averagesStatement({ ...request, window: 5 }, 'rows'),
        averagesStatement({ ...request, window: 5 }, 'lines'),
      ]
    })
  })
}

const RANGES = [{}, { from: second(20), to: second(280) }, { from: second(149), to: second(152) }, { to: second(1) }]

type Plan = {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly Plans?: readonly Plan[]
}

test('a plan that is made once reads no more of a series than about a page, for any range, order and position', async (t) => {
  await onOneConnection(t, async (client) => {
    await client.query('set plan_cache_mode = force_generic_plan')
    // Planned while the tables are empty, as by a service that starts with a new database; nothing is analyzed afterwards.
    for (const statement of statements({})) await client.query(statement)
    await fillInterleaved(client)
    for (const statement of RANGES.flatMap(statements)) {
      const what = `${statement.name} ${statement.values.slice(3).join()}`
      const plan = await explain(client, statement, 'analyze')
      const read = scansOf(plan).map(rowsRead)
      assert.ok(read.length > 0, what)
      // An incremental sort takes at least 32 rows at a time.
      for (const rows of read)
        assert.ok(rows <= LIMIT + 32, `${what} reads ${rows} rows:\n${JSON.stringify(plan, null, 1)}`)
    }
  })
})

test('the plan for any values finds rows by an index that the range bounds, and sorts no more than a page', async (t) => {
  await onOneConnection(t, async (client) => {
    await fillInterleaved(client)
    await client.query('analyze')
    await client.query('set plan_cache_mode = force_generic_plan')
    for (const statement of statements({})) {
      await client.query(statement)
      const plan = await explain(client, statement, 'costs')
      for (const scan of scansOf(plan)) {
        const text = `${statement.name}: ${JSON.stringify(scan)}`
        assert.match(scan['Node Type'], /^Index (?:Only )?Scan$/, text)
        assert.match(scan['Index Cond'] ?? '', /series_id.*event_time >= .*event_time < /s, text)
        if (statement.name.includes('-next')) assert.match(scan['Index Cond'] ?? '', /event_time [<>]= \$[78]/, text)
      }
    }
  })
})

/** A connection of its own: prepared statements belong to one. */
async function onOneConnection(t: TestContext, act: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await (await createDatabase(t)).connect()
  await act(client).finally(() => client.release(true))
}

/** One price of each series after the other, as they come: the rows of a series are spread over all blocks. */
async function fillInterleaved(client: pg.PoolClient): Promise<void> {
  await client.query(`
    insert into series (provider, symbol, currency) select 'simulated', 'S' || n, 'USD' from generate_series(1, ${SERIES}) as n`)
  await client.query(`
    insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
    select n, timestamptz '2025-01-01Z' + s * interval '1 second', 1, false, 1, now(), 1, 1
      from generate_series(0, ${TIMES - 1}) as s cross join generate_series(1, ${SERIES}) as n order by s, n`)
  await client.query(
    'insert into moving_averages (series_id, window_size, event_time, average) select series_id, 5, event_time, 1 from prices order by id',
  )
}

/** Of the statement as it was prepared. */
async function explain(client: pg.PoolClient, statement: NamedStatement, option: 'analyze' | 'costs'): Promise<Plan> {
  const { name } = statement
  const { rows } = await client.query<{ 'QUERY PLAN': readonly { readonly Plan: Plan }[] }>(
    `explain (${option}, format json) execute "${name}" ${literals(statement)}`,
  )
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan
  assert.ok(plan, name)
  return plan
}

function literals({ values }: NamedStatement): string {
  return `(${values.map((value) => (value === null ? 'null' : `'${value}'`)).join()})`
}

/** The scans of the two tables that grow. */
function scansOf(plan: Plan): readonly Plan[] {
  const below = (plan.Plans ?? []).flatMap(scansOf)
  const isScan = ['prices', 'moving_averages'].includes(plan['Relation Name'] ?? '')
  return isScan ? [plan, ...below] : below
}

function rowsRead(scan: Plan): number {
  const { 'Actual Rows': rows = 0, 'Actual Loops': loops = 0, 'Rows Removed by Filter': removed = 0 } = scan
  return (rows + removed) * loops
}
