import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createMemoryCheckpoint, followLog, followLogOnce } from '../../../src/core/log/follow.ts'
import { LOG_START, type LogPosition } from '../../../src/core/log/position.ts'

type Entry = { readonly position: LogPosition }
/** What a follower does to the outside. */
type Step = 'read' | 'handle' | 'save' | 'load'

const BATCH = 3
const idOf = ({ id }: LogPosition) => Number(id)
const entryAt = (id: number): Entry => ({ position: { epoch: '1', xid: '1', id: String(id) } })
/** Every wait is over at once. */
const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() }

/** A log in memory, its one stored checkpoint, and a record of what followers did. `fails` decides call by call. */
function createLog(fails: (step: Step) => boolean) {
  const log = { length: 0, checkpoint: 0, handled: [] as number[], errors: 0, waits: 0 }
  const attempt = async (step: Step) => {
    await Promise.resolve()
    if (fails(step)) throw new Error(`${step} failed`)
  }
  const needs = {
    batchSize: BATCH,
    clock,
    onError: () => void (log.errors += 1),
    readLog: async (after: LogPosition, limit: number) => {
      await attempt('read')
      const count = Math.max(0, Math.min(limit, log.length - idOf(after)))
      return Array.from({ length: count }, (_, i) => entryAt(idOf(after) + i + 1))
    },
    handle: async (entries: readonly Entry[]) => {
      await attempt('handle')
      const ids = entries.map(({ position }) => idOf(position))
      const last = log.handled.at(-1) ?? 0
      assert.ok([log.checkpoint, last].includes(ids[0]! - 1), `${ids[0]} does not follow ${log.checkpoint} or ${last}`)
      log.handled.push(...ids)
    },
    loadCheckpoint: async () => {
      await attempt('load')
      return entryAt(log.checkpoint).position
    },
    saveCheckpoint: async (position: LogPosition) => {
      await attempt('save')
      assert.ok(log.handled.includes(idOf(position)), 'the checkpoint is ahead of the work')
      log.checkpoint = idOf(position)
    },
    waitForMore: async () => {
      log.waits += 1
      await new Promise(setImmediate)
    },
  }
  return { log, needs }
}

const growth = fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 5 })
/** Whether each of the next calls fails; the calls after them succeed. */
const faults = fc.array(fc.boolean(), { maxLength: 40 })
const isPaced = fc.boolean()

test('whatever fails, every entry is handled, none is skipped, and the checkpoint is never ahead of the work', async () => {
  const property = fc.asyncProperty(growth, faults, isPaced, async (growths, failing, paced) => {
    const pending = [...failing]
    const { log, needs } = createLog(() => pending.shift() ?? false)
    for (const more of growths) {
      // A process of its own: only the checkpoint survives it.
      const life = new AbortController()
      const running = followLog({ ...needs, isPaced: paced }, life.signal)
      log.length += more
      while (log.checkpoint < log.length) await new Promise(setImmediate)
      life.abort()
      await running
    }
    const everything = Array.from({ length: log.length }, (_, i) => i + 1)
    assert.deepEqual([...new Set(log.handled)], everything)
    assert.equal(log.checkpoint, log.length)
    if (!failing.includes(true)) assert.deepEqual(log.handled, everything, 'handled twice without a failure')
  })
  await fc.assert(property, { numRuns: 300 })
})

test('a follower that is stopped at any moment stops, and the next one resumes from its checkpoint', async () => {
  const property = fc.asyncProperty(fc.nat({ max: 20 }), fc.nat({ max: 30 }), async (length, calls) => {
    const life = new AbortController()
    let left = calls
    const { log, needs } = createLog(() => {
      left -= 1
      if (left < 0) life.abort()
      return false
    })
    log.length = length
    await followLog(needs, life.signal)
    const handled = log.handled.length
    await new Promise(setImmediate)
    assert.equal(log.handled.length, handled, 'it works on after it has stopped')

    const next = new AbortController()
    const running = followLog(needs, next.signal)
    while (log.checkpoint < length) await new Promise(setImmediate)
    next.abort()
    await running
    assert.deepEqual(
      [...new Set(log.handled)],
      Array.from({ length }, (_, i) => i + 1),
    )
    assert.equal(log.errors, 0)
  })
  await fc.assert(property, { numRuns: 200 })
})

test('the next batch is read while a full one is handled, and a failure of that read changes nothing', async () => {
  for (const aheadFails of [false, true]) {
    const life = new AbortController()
    let isHandling = false
    let readsAhead = 0
    const { log, needs } = createLog((step) => {
      if (step !== 'read' || !isHandling) return false
      readsAhead += 1
      return aheadFails
    })
    log.length = 2 * BATCH + 1
    const handle = async (entries: readonly Entry[]) => {
      isHandling = true
      await new Promise(setImmediate)
      isHandling = false
      await needs.handle(entries)
    }
    const running = followLog({ ...needs, handle }, life.signal)
    while (log.checkpoint < log.length) await new Promise(setImmediate)
    life.abort()
    await running
    assert.equal(readsAhead, 2, 'after each full batch')
    assert.deepEqual(log.handled, [1, 2, 3, 4, 5, 6, 7])
    assert.equal(log.errors, 0)
  }
})

test('a follower that is paced waits after each batch that is not full; another one only at the end of the log', async () => {
  for (const [paced, waits] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const life = new AbortController()
    const { log, needs } = createLog(() => false)
    log.length = 1
    let waitsAtFirst: number | undefined
    const readLog = async (after: LogPosition, limit: number) => {
      if (idOf(after) === 1) {
        waitsAtFirst ??= log.waits
        life.abort()
      }
      return needs.readLog(after, limit)
    }
    await followLog({ ...needs, readLog, isPaced: paced }, life.signal)
    assert.equal(waitsAtFirst, waits)
  }
})

test('without retries the first failure is thrown, and nothing after it is handled', async () => {
  for (const step of ['load', 'read', 'handle', 'save'] as const) {
    const { log, needs } = createLog((current) => current === step)
    log.length = 10
    await assert.rejects(followLogOnce(needs, new AbortController().signal), { message: `${step} failed` })
    assert.ok(log.handled.length <= BATCH)
    assert.equal(log.checkpoint, 0)
  }
})

test('a checkpoint in memory starts at the given position and keeps what is saved', async () => {
  const { loadCheckpoint, saveCheckpoint } = createMemoryCheckpoint(LOG_START)
  assert.deepEqual(await loadCheckpoint(), LOG_START)
  await saveCheckpoint(entryAt(7).position)
  assert.deepEqual(await loadCheckpoint(), entryAt(7).position)
})
