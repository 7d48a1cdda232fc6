import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import type { OutgoingMessage } from '../../src/kafka/client/outgoing.ts'
import { createRelay } from '../../src/kafka/relay.ts'
import { createReadLog, loadCheckpoint, saveCheckpoint } from '../../src/postgres/log/log.ts'
import { positionText, type LogPosition } from '../../src/core/log/position.ts'
import { createRecorder, readStableLog } from '../core/averages/recorded-prices.ts'
import { until } from '../support/until.ts'

test('a relay whose checkpoint is refused because another relay leads resumes from the checkpoint of that one', async (t) => {
  const { pool, tell } = await createRecorder(t)
  for (let minute = 0; minute < 10; minute += 1) await tell({ minute, price: '1' })
  const log = await readStableLog(pool)
  const published: string[] = []
  const publish = async (messages: readonly OutgoingMessage[]) => {
    for (const { headers } of messages)
      published.push(String([...headers].find(([name]) => String(name) === 'ce_id')?.[1]))
  }
  let isRefused = true
  const save = async (position: LogPosition) => {
    if (!isRefused) return saveCheckpoint(pool, 'relay', position)
    isRefused = false
    await saveCheckpoint(pool, 'relay', log[6]!.position)
    throw new Error('another relay leads')
  }
  const errors: unknown[] = []
  const over = new AbortController()
  const relay = createRelay({
    readLog: createReadLog(pool),
    loadCheckpoint: () => loadCheckpoint(pool, 'relay'),
    saveCheckpoint: save,
    waitForPrices: systemClock.sleep,
    publisher: { publish },
    clock: systemClock,
    onError: (error) => errors.push(error),
  })
  const running = relay.run(over.signal)
  await until(() => published.length === 13, 'ten, and three again')
  over.abort()
  await running
  const positions = log.map(({ position }) => positionText(position))
  assert.deepEqual(published, [...positions, ...positions.slice(7)])
  assert.match(String(errors), /another relay leads/)
})
