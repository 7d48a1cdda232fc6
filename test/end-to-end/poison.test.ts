import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { Producer } from '@platformatic/kafka'
import type pg from 'pg'
import { averagesGroup } from '../../src/kafka/consumer.ts'
import { toMessage } from '../../src/kafka/message.ts'
import { partitionOf, type OutgoingMessage } from '../../src/kafka/client/outgoing.ts'
import type { KafkaAccess } from '../../src/kafka/client/options.ts'
import { ensureTopic } from '../../src/kafka/client/topics.ts'
import { LOCK_CLASS } from '../../src/postgres/connection/locks.ts'
import type { LogEntry } from '../../src/core/log/entry.ts'
import { readStableLog } from '../core/averages/recorded-prices.ts'
import { groupLag, priceMessage, readTopic } from '../support/kafka-records.ts'
import { needsKafka } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { createInstallation } from './installation.ts'

const PARTITIONS = 6
const SYMBOLS = ['AAPL', 'MSFT', 'BRK.B', 'BTC-USD', 'EURUSD', 'VOD.L', 'ETH-USD', 'TSLA', 'NVDA', 'GOOG']
const MINUTES = 2_000
/** Has prices only in the second half. */
const LATECOMER = 'LATE'

/** One of each kind, and why it cannot be used. */
const POISON = [
  { reason: 'not_json', value: 'no JSON at all' },
  { reason: 'wrong_fields', value: priceMessage({ price: 'free' }) },
  { reason: 'unknown_series', value: priceMessage({ symbol: 'NONE' }) },
  { reason: 'hash_mismatch', value: priceMessage({}), sha256: hash('sha256', 'another value') },
]

test(
  'one bad message in a thousand is dead-lettered once, also by a consumer that is killed in between, and delays the others by a batch at most',
  needsKafka,
  async (t) => {
    const { pool, tell, topic, access, start } = await createInstallation(t, { env: { MA_WINDOWS: '1' } })
    for (let minute = 0; minute < MINUTES; minute += 100) {
      const minutes = Array.from({ length: 100 }, (_, at) => minute + at)
      const symbols = minute < MINUTES / 2 ? SYMBOLS : [...SYMBOLS, LATECOMER]
      await tell(
        ...minutes.flatMap((at) => symbols.map((symbol) => ({ symbol, minute: at, price: `${1 + (at % 97)}` }))),
      )
    }
    const log = await readStableLog(pool)
    await ensureTopic(access, { ...topic, partitions: PARTITIONS, replication: undefined })
    const sent = await sendWithPoison(access, topic.name, log)
    const bad = sent.filter(({ entry }) => entry === undefined)
    assert.equal(bad.length, 21)

    // In the first half letters are buried, in the second one a batch hangs behind its letters: there it is killed.
    const held = await holdAverages(pool, LATECOMER)
    const first = await start('consume')
    await until(async () => (await countOf(pool, HANGING)) > 0, 'a batch hangs')
    await until(async () => (await countOf(pool, 'dead_letters where sent_at is null')) === 0, 'its letters are sent')
    const [buried, averaged] = [await countOf(pool, 'dead_letters'), await countOf(pool, 'moving_averages')]
    await first.kill()
    await held.letGo()
    await start('consume')
    await until(async () => (await groupLag(access, averagesGroup(topic.name), topic.name)) === 0, 'all is read')
    t.diagnostic(`killed behind ${buried} letters and ${averaged} averages`)
    assert.ok(buried > 0 && buried < bad.length && averaged > 0 && averaged < log.length)

    assert.equal(await countOf(pool, 'moving_averages'), log.length)
    const letters = await pool.query(
      'select reason, partition, record_offset::int as offset from dead_letters order by partition, record_offset',
    )
    assert.deepEqual(
      letters.rows,
      bad.map(({ reason, partition, offset }) => ({ reason, partition, offset })),
    )
    await until(async () => (await countOf(pool, 'dead_letters where sent_at is null')) === 0, 'all letters are sent')
    const told = await readTopic(access, `${topic.name}-dlt`)
    assert.deepEqual(
      told.map(({ headers, value }) => `${headers['__connect.errors.exception.class.name']} ${value}`).toSorted(),
      bad.map(({ reason, message }) => `${reason} ${String(message.value)}`).toSorted(),
    )
    for (const { headers } of told) {
      assert.equal(headers['__connect.errors.topic'], topic.name)
      assert.equal(headers['mds.attempts'], '1')
      assert.match(`${headers['__connect.errors.partition']} ${headers['__connect.errors.offset']}`, /^\d \d+$/)
    }
    await assertNobodyWaited(t, pool, sent)
  },
)

type Sent = {
  readonly partition: number
  readonly offset: number
  readonly message: OutgoingMessage & { readonly topic: string }
  /** Undefined for one that nobody can use. */
  readonly entry: LogEntry | undefined
  readonly reason: string | undefined
}

/** The log as the relay would announce it, by another program, and behind each 500th of a thousand what no relay would. */
async function sendWithPoison(access: KafkaAccess, topic: string, log: readonly LogEntry[]): Promise<readonly Sent[]> {
  const lanes = Array.from({ length: PARTITIONS }, () => [] as Sent[])
  const add = (message: OutgoingMessage, entry?: LogEntry, reason?: string) => {
    const partition = partitionOf(message.key, PARTITIONS)
    const lane = lanes[partition]!
    lane.push({ message: { ...message, topic, partition }, partition, offset: lane.length, entry, reason })
  }
  for (const [at, entry] of log.entries()) {
    add(toMessage(entry), entry)
    if (at % 1_000 === 500) {
      const { value, reason, sha256 } = POISON[Math.floor(at / 1_000) % POISON.length]!
      const headers = new Map(sha256 === undefined ? [] : [[Buffer.from('mds.sha256'), Buffer.from(sha256)]])
      add({ key: Buffer.from(entry.symbol), value: Buffer.from(value), headers }, undefined, reason)
    }
  }
  const producer = new Producer({ ...access, idempotent: true })
  for (const lane of lanes) {
    for (let start = 0; start < lane.length; start += 1_000) {
      const chunk = lane.slice(start, start + 1_000)
      await producer.send({ messages: chunk.map(({ message }) => message) })
    }
  }
  await producer.close()
  return lanes.flat()
}

const HANGING = `pg_locks where locktype = 'advisory' and not granted
  and database = (select oid from pg_database where datname = current_database())`

async function countOf(pool: pg.Pool, what: string): Promise<number> {
  return (await pool.query(`select count(*)::int as count from ${what}`)).rows[0].count
}

/** Who averages this symbol waits, with its batch. */
async function holdAverages(pool: pg.Pool, symbol: string) {
  const client = await pool.connect()
  await client.query('begin; set local idle_in_transaction_session_timeout = 0')
  await client.query('select pg_advisory_xact_lock($1, id::integer) from series where symbol = $2', [
    LOCK_CLASS,
    symbol,
  ])
  return {
    letGo: async () => {
      await client.query('commit')
      client.release()
    },
  }
}

/**
 * Counts in batches, not in seconds: each batch with letters begins by burying them, all at one time. Between the averages of
 * the messages before and behind a bad one there is at most one such batch, or as many as between some two good neighbours,
 * which need not come in one batch either.
 */
async function assertNobodyWaited(t: TestContext, pool: pg.Pool, sent: readonly Sent[]): Promise<void> {
  const { rows } = await pool.query<{ symbol: string; at: string; batch: number }>(
    `select s.symbol, a.event_time as at,
            (select count(distinct created_at)::int from dead_letters where created_at < a.computed_at) as batch
       from moving_averages a join series s on s.id = a.series_id`,
  )
  const batches = new Map(rows.map(({ symbol, at, batch }) => [`${symbol} ${at}`, batch]))
  const waits = { good: 0, bad: 0 }
  for (const lane of Map.groupBy(sent, ({ partition }) => partition).values()) {
    let last: { batch: number; offset: number } | undefined
    for (const { entry, offset } of lane) {
      if (entry === undefined) continue
      const batch = batches.get(`${entry.symbol} ${entry.eventTime}`)!
      const kind = last === undefined || last.offset + 1 === offset ? 'good' : 'bad'
      waits[kind] = Math.max(waits[kind], batch - (last?.batch ?? batch))
      last = { batch, offset }
    }
  }
  const count = Math.max(...batches.values())
  t.diagnostic(`${count} batches with letters; at most between neighbours: ${JSON.stringify(waits)}`)
  assert.ok(count > 1 && waits.bad <= Math.max(1, waits.good))
}
