import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type pg from 'pg'
import { createStoreDeadLetters, createUnsentDeadLetters } from '../../../src/postgres/events/dead-letters.ts'
import type { DeadLetter } from '../../../src/core/events/dead-letter.ts'
import { createDatabase } from '../../support/database.ts'
import { until } from '../../support/until.ts'

/** A letter at each offset, with this many bytes. */
function lettersOf(count: number, bytes: number): DeadLetter[] {
  const topic = { topic: 'prices', topicId: '11111111-1111-1111-1111-111111111111', partition: 0 }
  const why = { reason: 'not_json', detail: 'no JSON', consumerGroup: 'group' } as const
  const value = Buffer.alloc(bytes, 'x')
  return Array.from({ length: count }, (_, at) => ({
    ...topic,
    ...why,
    offset: String(at),
    key: null,
    value,
    headers: [],
  }))
}

test('dead letters are claimed oldest first and each once, as they were stored', async (t) => {
  const pool = await createDatabase(t)
  const [first, second, third] = lettersOf(3, 5)
  await createStoreDeadLetters(pool)([first!, second!, third!])
  const { claim } = createUnsentDeadLetters(pool)
  const claimed = [...(await claim(2, 60)), ...(await claim(2, 60)), ...(await claim(2, 60))]
  assert.deepEqual(
    claimed.map(({ offset, value }) => [offset, Buffer.from(value!).toString()]),
    ['0', '1', '2'].map((offset) => [offset, 'xxxxx']),
  )
})

test('a process that freezes while it fetches its claimed letters does not hold back the log', async (t) => {
  const pool = await createDatabase(t)
  await createStoreDeadLetters(pool)(lettersOf(40, 250_000))
  const client = await pool.connect()
  const { pid } = (await client.query('select pg_backend_pid() as pid')).rows[0]
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  // It reads what it claimed, and nothing of the ten megabytes after that.
  const query = async (text: string, values: unknown[]) => {
    const running = client.query(text, values)
    if (text.includes('"topicId"')) stream.pause()
    return running
  }
  const frozen = createUnsentDeadLetters({ query } as unknown as pg.Pool).claim(100, 60)
  const activity = async () =>
    (await pool.query('select wait_event, backend_xid from pg_stat_activity where pid = $1', [pid])).rows[0]
  const stuck = await until(async () => {
    const now = await activity()
    return now.wait_event === 'ClientWrite' && now
  }, 'the server waits for its reader')
  stream.resume()
  assert.equal((await frozen).length, 40)
  client.release()
  assert.equal(stuck.backend_xid, null)
})
