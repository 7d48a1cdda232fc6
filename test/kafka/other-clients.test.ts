import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import { partitionOf } from '../../src/kafka/client/outgoing.ts'
import { ensureTopic } from '../../src/kafka/client/topics.ts'
import type { LogEntry } from '../../src/core/log/entry.ts'
import { positionText } from '../../src/core/log/position.ts'
import { readStableLog } from '../core/averages/recorded-prices.ts'
import { readTopic } from '../support/kafka-records.ts'
import { runKafkaTool, runKcat } from '../support/kafka-tools.ts'
import { freshName, isInstalled, kafkaBrokers, needsKafkaItself, testAccess } from '../support/kafka.ts'
import { createInstallation, untilPublished } from '../end-to-end/installation.ts'

const SYMBOLS = ['AAPL', 'BRK.B', 'BTC-USD', 'EURUSD', '^GSPC', 'VOD.L']

test(
  "Kafka's own consumer and kcat read key, members and headers, on the partition that Java would choose",
  needsKafkaItself,
  async (t) => {
    const installation = await createInstallation(t)
    const { pool, recordPrices, topic, start } = installation
    await recordPrices(...SYMBOLS.map((symbol, minute) => ({ symbol, minute, price: '196.4500000000000000001' })))
    await start('relay')
    const log = await readStableLog(pool)
    await untilPublished(installation, log)
    const expected = log.map(wordsOf)

    const brokers = await kafkaBrokers()
    const wanted = `--topic ${topic.name} --from-beginning --max-messages ${SYMBOLS.length} --timeout-ms 30000`
    const shown = ['key', 'partition', 'headers'].map((property) => `--formatter-property print.${property}=true`)
    const options = [`--bootstrap-server ${brokers}`, wanted, ...shown].join(' ').split(' ')
    const java = await runKafkaTool('consumer.ConsoleConsumer', options)
    assert.deepEqual(
      java.trim().split('\n').toSorted(),
      expected
        .map(({ partition, headers, key, value }) => `Partition:${partition}\t${headers(':')}\t${key}\t${value}`)
        .toSorted(),
    )

    if (!isInstalled('kcat')) return
    const kcat = await runKcat(['-b', brokers, '-t', topic.name, '-C', '-e', '-q', '-f', '%p\t%h\t%k\t%s\n'])
    assert.deepEqual(
      kcat.trim().split('\n').toSorted(),
      expected
        .map(({ partition, headers, key, value }) => `${partition}\t${headers('=')}\t${key}\t${value}`)
        .toSorted(),
    )
  },
)

/** The expected message, written independently of the code that creates it. */
function wordsOf({ symbol, eventTime, rawResponseId, position, currency }: LogEntry) {
  const value = `{"symbol":"${symbol}","price":196.4500000000000000001,"timestamp":"${eventTime}","provider":"recorded","raw_response_id":"${rawResponseId}"}`
  const headers = [
    ['content-type', 'application/json'],
    ['ce_specversion', '1.0'],
    ['ce_source', '/market-data/prices'],
    ['ce_type', 'market-data.price.recorded'],
    ['ce_id', positionText(position)],
    ['ce_subject', symbol],
    ['ce_time', eventTime],
    ['mds.position', positionText(position)],
    ['mds.sha256', hash('sha256', value)],
    ['mds.currency', currency],
  ]
  const partition = partitionOf(Buffer.from(symbol), 6)
  return { partition, key: symbol, value, headers: (is: string) => headers.map((header) => header.join(is)).join() }
}

test("Kafka's own producer puts every key on the same partition as we do", needsKafkaItself, async (t) => {
  const access = await testAccess()
  const { name } = await ensureTopic(access, { name: freshName(t), partitions: 7, replication: undefined })
  const keys = Array.from({ length: 300 }, (_, at) => `${SYMBOLS[at % SYMBOLS.length]}${at}${at % 3 ? '' : '€'}`)
  const reader = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=|']
  const target = ['--bootstrap-server', await kafkaBrokers(), '--topic', name]
  await runKafkaTool('ConsoleProducer', [...target, ...reader], keys.map((key) => `${key}|x\n`).join(''))
  const records = await readTopic(access, name)
  assert.equal(records.length, keys.length)
  for (const { key, partition } of records) assert.equal(partition, partitionOf(Buffer.from(key), 7), key)
})
