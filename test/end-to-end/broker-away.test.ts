import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { positionText } from '../../src/core/log/position.ts'
import { readStableLog } from '../core/averages/recorded-prices.ts'
import { ask } from '../support/request.ts'
import { startBroker } from '../support/kafka-broker.ts'
import { readTopic } from '../support/kafka-records.ts'
import { needsKafkaItself } from '../support/kafka.ts'
import { createYahooFake } from '../support/yahoo-fake.ts'
import { quoteEverChanging, startLoad, SYMBOLS, type ProviderStats } from './crash-load.ts'
import { createInstallation, untilRead } from './installation.ts'

/** At the least; the broker is away until some hundred prices were recorded as well. */
const AWAY_SECONDS = Number(process.env['AWAY_SECONDS'] ?? 0)

test(
  'a broker that is stopped and wiped fails no request; the backlog follows in order, and republishing restores every result',
  needsKafkaItself,
  async (t) => {
    const broker = await startBroker()
    t.after(() => broker.end())
    const yahoo = await createYahooFake(t)
    quoteEverChanging(yahoo, Math.random)
    const env = { YFINANCE_BASE_URL: yahoo.url }
    const installation = await createInstallation(t, { brokers: broker.brokers, env })
    const { pool, access, topic, start, startUnready, run } = installation
    const [api, relay, consumer] = await Promise.all([
      start('serve', '--roles', 'api'),
      start('relay'),
      start('consume'),
    ])
    const providerStats: ProviderStats = new Map()
    const load = startLoad(api.url, Math.random, providerStats)
    await load.acknowledged(100)

    await broker.stop()
    const before = { prices: providerStats.size, at: Date.now() }
    await Promise.all([load.acknowledged(300), sleep(AWAY_SECONDS * 1_000)])
    const late = await startUnready('relay')
    const meanwhile = providerStats.size - before.prices
    await broker.wipe()
    await broker.start()
    const awaySeconds = Math.round((Date.now() - before.at) / 1_000)
    await load.acknowledged(100)
    await load.end()
    assert.doesNotMatch((await ask(`${api.url}/metrics`)).text, /route="\/prices\/latest",status="[^2]/)

    const log = await readStableLog(pool)
    const since = performance.now()
    await untilRead(installation, log)
    t.diagnostic(
      `away for ${awaySeconds} s, ${meanwhile} prices recorded; read ${Math.round(performance.now() - since)} ms later`,
    )
    const announced = await readTopic(access, topic.name)
    for (const symbol of SYMBOLS) {
      const own = announced.filter(({ key }) => key === symbol).map(({ headers }) => headers['mds.position'])
      const told = log.filter((entry) => entry.symbol === symbol).map(({ position }) => positionText(position))
      const first = [...new Set(own)]
      assert.deepEqual(first, told.slice(-first.length))
    }
    assert.equal((await pool.query('select from dead_letters')).rowCount, 0)
    assert.equal((await run('verify', '--json')).code, 0)
    const minutes = Math.floor((Date.now() - before.at) / 60_000)
    for (const { stderr } of [relay, consumer]) {
      const lines = linesOf(stderr())
      assert.deepEqual(
        [lines[0], lines.at(-1)],
        ['Kafka is unavailable, retrying. Prices are still stored.', 'Kafka is available again.'],
      )
      assert.ok(lines.length <= 2 * (1 + minutes), stderr())
    }
    // It stands by, and so does not know that Kafka works again.
    assert.equal(linesOf(late.stderr()).length, 1)
    assert.match(late.stderr(), /"reason":"connect ECONNREFUSED 127\.0\.0\.1:\d+"/)

    const averages = await readTable(pool)
    await pool.query('truncate moving_averages')
    const republished = await run('republish', '--since', '2025-01-01', '--json')
    assert.equal(JSON.parse(republished.stdout).announced, log.length)
    await untilRead(installation, log)
    assert.deepEqual(await readTable(pool), averages)
    const positions = new Set((await readTopic(access, topic.name)).map(({ headers }) => headers['mds.position']))
    assert.deepEqual(positions, new Set(log.map(({ position }) => positionText(position))))
  },
)

/** The messages that were logged of Kafka. */
function linesOf(stderr: string): readonly string[] {
  const lines = stderr.split('\n').filter((line) => line.includes('Kafka'))
  return lines.map((line) => (JSON.parse(line) as { msg: string }).msg)
}

async function readTable(pool: pg.Pool) {
  const { rows } = await pool.query(
    'select series_id, window_size, event_time, average from moving_averages order by series_id, window_size, event_time',
  )
  assert.ok(rows.length > 0)
  return rows
}
