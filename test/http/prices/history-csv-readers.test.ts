import assert from 'node:assert/strict'
import { get, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { createCountedHistory } from '../../support/counted-history.ts'
import { until } from '../../support/until.ts'

const ROWS = 150_000

test('a slow reader of a table holds a few pages and no transaction, and the reading ends when the reader leaves', async (t) => {
  const { url, pool, reads } = await createCounted(t)
  const request = get(`${url}/prices/history?symbol=AAPL&format=csv`, { agent: false })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.pause()
  await untilQuiet(reads)
  const stalled = reads()
  assert.ok(stalled < ROWS / 5_000, `${stalled} pages were read for a reader that takes none`)
  const { rows } = await pool.query(
    `select state, backend_xmin from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and (backend_xmin is not null or xact_start is not null)`,
  )
  assert.deepEqual(rows, [])
  request.destroy()
  await untilQuiet(reads)
  assert.ok(reads() <= stalled + 1, `${reads()} pages were read, ${stalled} before the reader left`)
})

/** Resolves once nothing was read for a while: all buffers of the connection are full, or nobody reads any more. */
async function untilQuiet(reads: () => number): Promise<void> {
  let [last, same] = [-1, 0]
  await until(async () => {
    same = reads() === last ? same + 1 : 0
    last = reads()
    return same > 20
  }, 'the end of the reading')
}

async function createCounted(t: TestContext) {
  const { service, reads } = await createCountedHistory(t)
  const { pool, store, listen } = service
  await store({})
  await pool.query(`
    insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
    select 1, timestamptz '2025-02-01Z' + n * interval '1 s', 1, false, n, now(), 1, 1 from generate_series(1, ${ROWS}) as n`)
  return { url: await listen(), pool, reads }
}
