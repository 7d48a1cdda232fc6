import assert from 'node:assert/strict'
import { Admin } from '@platformatic/kafka'
import { after, before, describe, test } from 'node:test'
import { expectedAverages } from '../../core/averages/oracle.ts'
import { readAverages } from '../../core/averages/recorded-prices.ts'
import { startBroker, type Broker } from '../../support/kafka-broker.ts'
import { accessTo, needsKafka, needsKafkaItself } from '../../support/kafka.ts'
import { until } from '../../support/until.ts'
import { averagesGroup, type PriceConsumer } from '../../../src/kafka/consumer.ts'
import { createPipeline, type Pipeline } from '../pipeline.ts'

test('three consumers share the partitions, join and leave, and nothing is missed', needsKafka, async (t) => {
  const pipeline = await createPipeline(t)
  await joinAndLeave(pipeline)
  assert.equal(await groupType(pipeline), 'consumer')
})

describe('a broker without KIP-848', needsKafkaItself, () => {
  let broker: Broker
  before(async () => void (broker = await startBroker({ 'group.coordinator.rebalance.protocols': 'classic' })))
  after(() => broker.end())

  test('three consumers share the partitions with the classic protocol, join and leave, and nothing is missed', async (t) => {
    const pipeline = await createPipeline(t, { access: accessTo(broker.brokers) })
    await joinAndLeave(pipeline)
    assert.equal(await groupType(pipeline), 'classic')
  })
})

async function joinAndLeave(pipeline: Pipeline): Promise<void> {
  const { pool, tell, startRelay, startConsumer, errors } = pipeline
  const symbols = Array.from({ length: 12 }, (_, at) => `SYM${at}`)
  const prices = new Map<number, string>()
  const tellMinutes = async (count: number) => {
    for (const end = prices.size + count; prices.size < end;) {
      const minute = prices.size
      prices.set(minute, `${1 + (minute % 13)}.5`)
      await tell(...symbols.map((symbol) => ({ symbol, minute, price: prices.get(minute)! })))
    }
  }
  startRelay()
  const members = [startConsumer()]
  await tellMinutes(10)
  members.push(startConsumer())
  await tellMinutes(10)
  members.push(startConsumer())
  await until(() => isShared(members), 'the partitions are shared by three')
  await tellMinutes(10)
  await members[0]!.stop()
  await tellMinutes(10)
  await until(() => isShared(members.slice(1)), 'the partitions are shared by two')
  await tellMinutes(10)
  for (const symbol of symbols) {
    await until(async () => (await readAverages(pool, 5, symbol)).length === 46, `averages of ${symbol}`)
    assert.deepEqual(await readAverages(pool, 5, symbol), expectedAverages(prices, 5))
  }
  assert.deepEqual(errors, [])
}

/** Every member has some partitions, and no two have the same. */
function isShared(members: readonly PriceConsumer[]): boolean {
  const shares = members.map(({ lag }) => lag().map(({ partition }) => partition))
  return (
    shares.every((share) => share.length > 0) &&
    shares
      .flat()
      .toSorted((a, b) => a - b)
      .join() === '0,1,2,3,4,5'
  )
}

async function groupType({ access, topic }: Pipeline): Promise<string | undefined> {
  const admin = new Admin(access)
  const groups = await admin.listGroups({ types: ['classic', 'consumer'] })
  await admin.close()
  return groups.get(averagesGroup(topic.name))?.groupType
}
