import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSeriesMemory } from '../../../src/core/averages/series-memory.ts'

test('there is room for a limited number of series, and those that are in use stay', () => {
  const memory = createSeriesMemory<string>(2, 100)
  assert.equal(memory.makeRoom(3), 2)
  memory.add('1', 'a')
  memory.add('2', 'b')
  for (let round = 0; round < 90; round += 1) {
    assert.deepEqual([memory.use('1'), memory.use('2'), memory.use('3')], ['a', 'b', undefined])
    assert.equal(memory.makeRoom(1), 0)
  }
})

test('a series that was not used for a long time makes room, the one that was used least recently first', () => {
  const memory = createSeriesMemory<string>(2, 100)
  memory.add('1', 'a')
  memory.add('2', 'b')
  memory.use('1')
  for (let use = 0; use < 101; use += 1) memory.use('3')
  assert.equal(memory.makeRoom(1), 1)
  memory.add('3', 'c')
  assert.deepEqual([memory.use('1'), memory.use('2'), memory.use('3')], ['a', undefined, 'c'])
})

test('a series that is forgotten makes room at once', () => {
  const memory = createSeriesMemory<string>(1)
  memory.add('1', 'a')
  memory.forget('1')
  assert.deepEqual([memory.use('1'), memory.makeRoom(1)], [undefined, 1])
  memory.add('2', 'b')
  memory.forgetAll()
  assert.deepEqual([memory.use('2'), memory.makeRoom(1)], [undefined, 1])
})
