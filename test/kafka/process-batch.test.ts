import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Consumer } from '@platformatic/kafka'
import { createCommits } from '../../src/kafka/client/offset-commits.ts'
import type { PriceRecord } from '../../src/kafka/client/record-buffer.ts'
import { processBatch } from '../../src/kafka/process-batch.ts'
import { isDataException } from '../../src/postgres/connection/errors.ts'
import type { PriceReference } from '../../src/core/events/price-reference.ts'
import type { DeadLetter } from '../../src/core/events/dead-letter.ts'
import { atMinute } from '../core/averages/recorded-prices.ts'
import { priceMessage } from '../support/kafka-records.ts'

const ORIGIN = { topicId: '11111111-1111-1111-1111-111111111111', consumerGroup: 'group' }

function recordOf(offset: number, symbol: string, partition = 0): PriceRecord {
  const value = Buffer.from(priceMessage({ symbol, timestamp: atMinute(offset) }))
  return { topic: 'prices', partition, offset: BigInt(offset), value, headerEntries: [] } as unknown as PriceRecord
}

const findAllButBad = async (references: readonly PriceReference[]) => {
  const isBad = references.some(({ symbol }) => symbol === 'BAD')
  if (isBad) throw Object.assign(new Error('date/time field value out of range'), { code: '22008' })
  return references.map(({ symbol, eventTime }) => {
    return { outcome: 'found' as const, affected: [{ seriesId: symbol, eventTime }] }
  })
}

test('a message that only the database rejects becomes a dead letter alone, and the rest of its batch is processed', async () => {
  const deadLetters: DeadLetter[] = []
  const recomputed: string[] = []
  const needs = {
    findPrices: findAllButBad,
    isDataError: isDataException,
    recompute: async (affected: readonly { seriesId: string }[]) =>
      void recomputed.push(...affected.map((one) => one.seriesId)),
    store: async (letters: readonly DeadLetter[]) => void deadLetters.push(...letters),
  }
  const records = ['A', 'B', 'BAD', 'C', 'D'].map((symbol, offset) => recordOf(offset, symbol))
  await processBatch(needs, ORIGIN, records)
  assert.deepEqual(recomputed, ['A', 'B', 'C', 'D'])
  assert.deepEqual(
    deadLetters.map(({ offset, reason, detail }) => [offset, reason, detail]),
    [['2', 'wrong_fields', 'PostgreSQL: date/time field value out of range']],
  )
})

test('any other database error is an outage: the batch fails as a whole, and no message becomes a dead letter', async () => {
  const outage = Object.assign(new Error('terminating connection'), { code: '57P01' })
  const needs = {
    findPrices: () => Promise.reject(outage),
    recompute: async () => {},
    store: () => assert.fail('stored as a dead letter'),
    isDataError: isDataException,
  }
  await assert.rejects(processBatch(needs, ORIGIN, [recordOf(0, 'A'), recordOf(1, 'B')]), outage)
})

test('offsets that the group refused are committed with the next ones, even if their partition has nothing new', async () => {
  const committed: string[][] = []
  let isRebalancing = true
  const consumer = {
    assignments: [{ topic: 'prices', partitions: [0, 1] }],
    commit: async ({ offsets }: { offsets: readonly { partition: number; offset: bigint }[] }) => {
      if (isRebalancing) throw new Error('REBALANCE_IN_PROGRESS')
      committed.push(offsets.map(({ partition, offset }) => `${partition}@${offset}`))
    },
  } as unknown as Consumer
  const commits = createCommits(consumer)
  await commits.commit([recordOf(6, 'A', 0)])
  isRebalancing = false
  await commits.commit([recordOf(4, 'B', 1)])
  await commits.commit([recordOf(4, 'B', 1)])
  assert.deepEqual(committed, [['0@7', '1@5']])
})
