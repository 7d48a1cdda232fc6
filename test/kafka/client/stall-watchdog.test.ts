import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Consumer } from '@platformatic/kafka'
import type { PriceStream } from '../../../src/kafka/client/record-buffer.ts'
import { watchForStalls, type PartitionLag } from '../../../src/kafka/client/stall-watchdog.ts'

const TOPIC = 'prices'

/** The client, as it was observed to hang: a member with a heartbeat whose position does not change. */
async function watch(looks: number, { isEmpty = true, step = 0n, end = 10n, id = 'first', partitionsCount = 1 }) {
  const over = new AbortController()
  const offsetsToFetch = new Map([[`${TOPIC}:0`, 3n]])
  const failures: Error[] = []
  let seen: readonly PartitionLag[] = []
  const sleep = async () => {
    looks -= 1
    if (looks < 0 || failures.length > 0) over.abort()
    offsetsToFetch.set(`${TOPIC}:0`, (offsetsToFetch.get(`${TOPIC}:0`) ?? 0n) + step)
  }
  const needs = {
    consumer: {
      assignments: [{ topic: TOPIC, partitions: [0] }],
      metadata: async () => ({ topics: new Map([[TOPIC, { id, partitionsCount }]]) }),
      listOffsets: async () => new Map([[TOPIC, [end]]]),
    } as unknown as Consumer,
    stream: { offsetsToFetch } as unknown as PriceStream,
    buffer: { next: async () => [], isEmpty: () => isEmpty, fail: (error: Error) => void failures.push(error) },
    topic: { name: TOPIC, id: 'first', partitions: 1 },
    clock: { now: () => 0, monotonic: () => 0, sleep },
    onLag: (lag: readonly PartitionLag[]) => (seen = lag.length > 0 ? lag : seen),
  }
  await watchForStalls(needs, over.signal)
  return { failures, seen }
}

test('a partition with unread messages and no progress ends the stream', async () => {
  const { failures, seen } = await watch(20, {})
  assert.match(failures[0]?.message ?? '', /partition 0 has messages, but none arrive/)
  assert.deepEqual(seen, [{ partition: 0, position: 3n, end: 10n }])
})

test('a partition that makes progress, is read to its end, or waits for this process does not end the stream', async () => {
  for (const course of [{ step: 1n, end: 100n }, { end: 3n }, { isEmpty: false }]) {
    assert.deepEqual((await watch(20, course)).failures, [])
  }
})

test('a topic that was deleted and created again ends the stream, so that it is read from its beginning', async () => {
  const { failures } = await watch(20, { step: 1n, id: 'second' })
  assert.match(failures[0]?.message ?? '', /deleted and created again/)
})

test('a topic that got more partitions ends the stream, so that a classic group assigns them, too', async () => {
  const { failures } = await watch(20, { step: 1n, partitionsCount: 2 })
  assert.match(failures[0]?.message ?? '', /more partitions/)
})
