import assert from 'node:assert/strict'
import { test } from 'node:test'
import type pg from 'pg'
import { averagesGroup } from '../../src/kafka/consumer.ts'
import { assertNothingLost, createLoad, SYMBOLS } from '../kafka/load.ts'
import { ask } from '../support/request.ts'
import { startBroker } from '../support/kafka-broker.ts'
import { runKafkaTool } from '../support/kafka-tools.ts'
import { kafkaBrokers, needsKafka, needsKafkaItself } from '../support/kafka.ts'
import { openStream } from '../support/price-stream.ts'
import { until } from '../support/until.ts'
import { createInstallation, untilRead } from './installation.ts'

// Averages computed from Kafka, the death of a relay and of a consumer, and the Kafka commands.

const TAKE_OVER_MS = 12_000
const WINDOW = { MA_WINDOWS: '2' }

async function relayLeader(pool: pg.Pool): Promise<number | undefined> {
  const { rows } = await pool.query(`select holder from leases where name = 'relay' and expires_at > clock_timestamp()`)
  return rows[0] && Number(rows[0].holder.split(':')[1])
}

async function countOf(pool: pg.Pool, table: 'prices' | 'moving_averages'): Promise<number> {
  return (await pool.query(`select count(*)::int as count from ${table}`)).rows[0].count
}

/** Waits for the average of a price stored from now on. It came through Kafka: the sweep ignores prices younger than a minute. */
async function untilAveraged(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query('select clock_timestamp() as now')
  await until(async () => (await pool.query(AVERAGED_SINCE, [rows[0].now])).rowCount, 'a new average from Kafka')
}

const AVERAGED_SINCE = `
  select from moving_averages a join prices p using (series_id, event_time)
   where p.recorded_at > $1 and a.computed_at < p.recorded_at + interval '1 minute' limit 1`

test(
  'roles in separate processes work together: a polled price reaches the stream of another process, its average is computed from Kafka, a dead relay is replaced, and verify finds no difference',
  needsKafka,
  async (t) => {
    const { pool, topic, start, run } = await createInstallation(t, { env: WINDOW })
    const [one, other, , consumer, ...relays] = await Promise.all([
      start('serve', '--roles', 'api'),
      start('serve', '--roles', 'api'),
      start('serve', '--roles', 'poller'),
      start('consume'),
      start('relay'),
      start('relay'),
      start('consume'),
      start('serve', '--roles', 'poller'),
    ])
    const stream = await openStream(t, `${other.url}/prices/stream?symbols=AAPL`)
    const body = { symbol: 'AAPL', interval_seconds: 1, provider: 'simulated' }
    const created = await fetch(`${one.url}/prices/poll`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    assert.equal(created.status, 202)
    await stream.until(3)
    await untilAveraged(pool)
    await assertPipeline(one.url, { topic: topic.name, consumer: consumer.url })

    const leader = await until(() => relayLeader(pool), 'a relay holds the lease')
    await relays.find(({ pid }) => pid === leader)?.kill()
    const since = performance.now()
    const next = await until(async () => {
      const pid = await relayLeader(pool)
      return pid !== leader && pid
    }, 'the other relay holds the lease')
    const ms = performance.now() - since
    t.diagnostic(`the relay was replaced after ${Math.round(ms)} ms`)
    assert.ok(ms < TAKE_OVER_MS)
    assert.ok(relays.some(({ pid }) => pid === next))
    await untilAveraged(pool)

    const { json: average } = await ask(`${other.url}/moving-averages/latest?symbol=AAPL&provider=simulated&window=2`)
    assert.equal(Number(average.window), 2)
    const verified = await run('verify', '--json')
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
    assert.equal(JSON.parse(verified.stdout).difference_count, 0)
    assert.equal((await pool.query('select from dead_letters')).rowCount, 0)
  },
)

/** A process that is not a consumer reports the lag of the consumers; each consumer reports its own partitions. */
async function assertPipeline(url: string, { topic, consumer }: { topic: string; consumer: string }): Promise<void> {
  const pipeline = await until(async () => {
    const { pipeline: shown } = (await ask(`${url}/health`)).json
    return shown.consumers.state === 'Stable' && shown.consumers.lag_messages === '0' && shown
  }, 'the group has processed everything')
  assert.deepEqual([pipeline.topic.name, pipeline.topic.partitions, pipeline.topic.away_since], [topic, '6', null])
  assert.ok(Number(pipeline.topic.messages) >= 3)
  assert.equal(pipeline.consumers.partitions.length, 6)
  assert.match(pipeline.relay.leader, /:\d+:/)
  const lag = /^market_data_consumer_lag_messages\{partition="\d"\} \d+$/gm
  await until(async () => (await ask(`${consumer}/metrics`)).text.match(lag)?.length === 3, 'half of the partitions')
}

test(
  'while Kafka is down, a process that only relays or consumes is not ready; one that serves HTTP is ready and reports the outage',
  needsKafkaItself,
  async (t) => {
    const broker = await startBroker()
    t.after(() => broker.end())
    const { start } = await createInstallation(t, broker)
    const [api, consumer, relay] = await Promise.all([
      start('serve', '--roles', 'api'),
      start('consume'),
      start('serve', '--roles', 'relay,consumer'),
    ])
    const readiness = () =>
      Promise.all([api, consumer, relay].map(async ({ url }) => (await ask(`${url}/readyz`)).status))
    await broker.kill()
    await until(async () => (await readiness()).join() === '200,503,503', 'two processes are not ready')
    const { json } = await ask(`${api.url}/health`)
    assert.equal(json.status, 'degraded')
    assert.ok(Date.parse(json.pipeline.topic.away_since) <= Date.now())
    assert.match((await ask(`${relay.url}/readyz`)).json.detail, /Kafka has not answered since/)
    await broker.start()
    await until(async () => (await readiness()).join() === '200,200,200', 'all are ready again')
  },
)

test(
  'if one of three consumers is killed, the others take over its partitions, and every average is computed from Kafka',
  needsKafkaItself,
  async (t) => {
    const installation = await createInstallation(t)
    const { pool, topic, start } = installation
    const load = createLoad(t, installation)
    const [target] = await Promise.all([start('consume'), start('consume'), start('consume'), start('relay')])
    await until(async () => (await membersOf(topic.name)).length === 3, 'the partitions are shared by three')
    await target.kill()
    await until(async () => (await membersOf(topic.name)).length === 2, 'the partitions are shared by two')
    const log = await load.end()
    await untilRead(installation, log)
    t.diagnostic(`${log.length} prices`)
    // All but the first four of each symbol, without waiting for the sweep.
    assert.equal(await countOf(pool, 'moving_averages'), log.length - SYMBOLS.length * 4)
    await assertNothingLost(installation, log)
  },
)

/** The members of the group that have partitions, according to Kafka's own tool. */
async function membersOf(topic: string): Promise<readonly string[]> {
  const args = ['--bootstrap-server', await kafkaBrokers(), '--describe', '--group', averagesGroup(topic)]
  const report = await runKafkaTool('consumer.group.ConsumerGroupCommand', args)
  const ids = report
    .split('\n')
    .flatMap((line) => (line.includes(` ${topic} `) ? (line.trim().split(/ +/)[6] ?? []) : []))
  return [...new Set(ids)].filter((id) => id !== '-')
}

test(
  'a dead letter can be listed, shown and dropped, and the AsyncAPI document names the topic',
  needsKafka,
  async (t) => {
    const { pool, topic, start, run } = await createInstallation(t, { env: WINDOW })
    const { url } = await start('serve', '--demo')
    assert.match((await ask(`${url}/asyncapi.yaml`)).text, new RegExp(`^ +address: ${topic.name}$`, 'm'))
    await until(async () => (await countOf(pool, 'prices')) > 3, 'some prices')
    const again = await run('republish', '--since', '2020-01-01', '--json')
    assert.ok(JSON.parse(again.stdout).announced > 3, again.stderr)

    await pool.query(
      `insert into dead_letters (topic_id, topic, partition, record_offset, value, headers, reason, detail, consumer_group)
     values (gen_random_uuid(), $1, 0, 7, 'no price', '[]', 'not_json', 'it is no JSON', 'nobody')`,
      [topic.name],
    )
    const { text: metrics } = await ask(`${url}/metrics`)
    assert.match(metrics, /^market_data_relay_lag_seconds \d/m)
    assert.match(metrics, /^market_data_dead_letters_open 1$/m)
    const { stdout } = await run('dead-letters', 'list', '--json')
    const { id, value } = JSON.parse(stdout)
    assert.equal(value, 'no price')
    assert.match((await run('dead-letters', 'show', id)).stdout, /reason +not_json/)
    assert.equal((await run('dead-letters', 'retry', id)).code, 1)
    assert.match((await run('dead-letters', 'drop', id)).stdout, /^dropped/)
    assert.equal((await run('dead-letters', 'list', '--json')).stdout, '')
    await until(
      async () => (await pool.query('select from dead_letters where sent_at is not null')).rowCount,
      'the dead-letter topic has it',
    )
  },
)
