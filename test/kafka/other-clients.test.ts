import assert from 'node:assert/strict'
import { test } from 'node:test'
import { partitionOf } from '../../src/kafka/publisher.ts'
import { ensureTopic } from '../../src/kafka/topics.ts'
import { comparePlaces, placeText } from '../../src/prices/log.ts'
import { readSettledLog } from '../averages/told-prices.ts'
import { readTopic } from '../support/kafka-records.ts'
import { runKafkaTool, runKcat } from '../support/kafka-tools.ts'
import { freshName, isInstalled, kafkaBrokers, needsKafkaItself, testAccess } from '../support/kafka.ts'
import { until } from '../support/until.ts'
import { createPipeline } from './pipeline.ts'

const SYMBOLS = ['AAPL', 'BRK.B', 'BTC-USD', 'EURUSD', '^GSPC', 'VOD.L']

test("Kafka's own consumer, and kcat, read key, members, headers and Java's partition", needsKafkaItself, async (t) => {
  const { pool, tell, topic, startRelay } = await createPipeline(t)
  await tell(...SYMBOLS.map((symbol, minute) => ({ symbol, minute, price: '196.4500000000000000001' })))
  const relay = startRelay()
  const log = await readSettledLog(pool)
  await until(() => comparePlaces(relay.announcedUpTo(), log.at(-1)!.place) === 0, 'all is announced')
  const expected = log.map(({ symbol, eventTime, rawResponseId, place }) => {
    const members = `{"symbol":"${symbol}","price":196.4500000000000000001,"timestamp":"${eventTime}","provider":"told","raw_response_id":"${rawResponseId}"}`
    return { partition: String(partitionOf(Buffer.from(symbol), 6)), symbol, members, place: placeText(place) }
  })

  const brokers = await kafkaBrokers()
  const wanted = `--topic ${topic.name} --from-beginning --max-messages ${SYMBOLS.length} --timeout-ms 30000`
  const shown = ['key', 'partition', 'headers'].map((property) => `--formatter-property print.${property}=true`)
  const options = [`--bootstrap-server ${brokers}`, wanted, ...shown].join(' ').split(' ')
  const java = await runKafkaTool('consumer.ConsoleConsumer', options)
  for (const { partition, symbol, members, place } of expected) {
    const line = java.split('\n').find((one) => one.endsWith(`\t${symbol}\t${members}`))
    assert.match(line ?? '', new RegExp(`^Partition:${partition}\t.*\\bce_id:${place}\\b`), java)
  }

  if (!isInstalled('kcat')) return
  const kcat = await runKcat(['-b', brokers, '-t', topic.name, '-C', '-e', '-q', '-f', '%p\t%k\t%s\t%h\n'])
  for (const { partition, symbol, members, place } of expected) {
    const line = kcat.split('\n').find((one) => one.startsWith(`${partition}\t${symbol}\t${members}\t`))
    assert.ok(line?.includes(`ce_id=${place}`), kcat)
  }
})

test("Kafka's own producer puts every key on the partition where we put it", needsKafkaItself, async (t) => {
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
