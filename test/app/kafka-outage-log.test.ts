import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKafkaWatch } from '../../src/app/kafka-outage-log.ts'

test('Kafka that fails is told at once and then once a minute with a count, and once more when it works again', () => {
  const lines: [string, object][] = []
  const note = (level: string) => (details: object) => void lines.push([level, details])
  const log = { warn: note('warn'), info: note('info'), debug: () => {} }
  let now = 0
  const watch = createKafkaWatch({ log: log as never, clock: { now: () => now } })
  watch.worked('relay')
  for (let second = 0; second <= 70; second += 2) {
    now = second * 1_000
    watch.failed('relay', new Error('away'))
  }
  watch.worked('relay')
  watch.worked('relay')
  assert.deepEqual(lines, [
    ['warn', { component: 'relay', reason: 'away', failures: 1 }],
    ['warn', { component: 'relay', reason: 'away', failures: 31 }],
    ['info', { component: 'relay', failures: 36 }],
  ])
})
