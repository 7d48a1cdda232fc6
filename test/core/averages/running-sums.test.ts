import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRunningSums, type ReadInputsBefore } from '../../../src/core/averages/running-sums.ts'
import type { Affected, PriceEntry } from '../../../src/core/log/entry.ts'
import { comparePositions, type LogPosition } from '../../../src/core/log/position.ts'
import { compareInstants } from '../../../src/lib/instant.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { expectedAverages } from './oracle.ts'
import { atMinute } from './recorded-prices.ts'

type Written = { readonly seriesId: string; readonly minute: number; readonly price: string }

/** The log of these writes: an entry is the newest if its series has none of its time or later. */
function logOf(writes: readonly Written[]): PriceEntry[] {
  const newest = new Map<string, number>()
  return writes.map(({ seriesId, minute, price }, at) => {
    const before = newest.get(seriesId) ?? -1
    newest.set(seriesId, Math.max(before, minute))
    const position: LogPosition = { epoch: '1', xid: String(100 + Math.floor(at / 3)), id: String(at + 1) }
    return { position, seriesId, eventTime: atMinute(minute), price: price as Decimal, isNewest: minute > before }
  })
}

/** The statement of the database, on a log in memory. */
function readerOf(log: readonly PriceEntry[]): ReadInputsBefore {
  return async (entries, limit) =>
    new Map(
      entries.map(({ seriesId, position }) => {
        const earlier = log.filter((one) => one.seriesId === seriesId && comparePositions(one.position, position) < 0)
        const current = new Map(earlier.map((one) => [one.eventTime, one]))
        const ordered = [...current.values()].toSorted((a, b) => compareInstants(a.eventTime, b.eventTime))
        return [seriesId, ordered.slice(-limit)]
      }),
    )
}

const written = fc.record({
  seriesId: fc.constantFrom('9', '10', '11'),
  minute: fc.nat({ max: 30 }),
  price: fc.constantFrom('1', '2.5', '2.50', '100.01', '7.125', '0.0000000001'),
})
/** Mostly in order, as live prices are. */
const writes = fc
  .array(written, { maxLength: 80 })
  .map((all) => all.map((one, at) => (at % 7 ? { ...one, minute: 30 + at } : one)))

test('what sums give and what they leave to be recomputed are all averages, whatever the order, the batches and the memory', async () => {
  const scenario = fc.record({
    writes,
    batch: fc.integer({ min: 1, max: 30 }),
    window: fc.constantFrom(1, 2, 3, 5),
    maxInputs: fc.constantFrom(0, 5, 10, 1_000),
  })
  await fc.assert(
    fc.asyncProperty(scenario, async ({ writes: all, batch, window, maxInputs }) => {
      const log = logOf(all)
      const sums = createRunningSums({ window, maxInputs, readInputsBefore: readerOf(log) })
      const table = new Map<string, string>()
      for (let from = 0; from < log.length; from += batch) {
        const soFar = all.slice(0, from + batch)
        const { averages, others } = await sums.add(log.slice(from, from + batch))
        for (const { seriesId, eventTime, average } of averages) table.set(`${seriesId} ${eventTime}`, average)
        for (const [key, average] of recomputed(soFar, others, window)) table.set(key, average)
      }
      for (const seriesId of ['9', '10', '11']) {
        const own = [...table].filter(([key]) => key.startsWith(`${seriesId} `))
        assert.deepEqual(new Map(own), new Map(averagesOf(all, seriesId, window)))
      }
    }),
    { numRuns: 200 },
  )
})

function recomputed(all: readonly Written[], others: readonly Affected[], window: number): [string, string][] {
  const seriesIds = new Set(others.map((other) => other.seriesId))
  return [...seriesIds].flatMap((seriesId) => averagesOf(all, seriesId, window))
}

function averagesOf(all: readonly Written[], seriesId: string, window: number): [string, string][] {
  const prices = new Map(all.filter((one) => one.seriesId === seriesId).map((one) => [one.minute, one.price]))
  return expectedAverages(prices, window).map(([minute, average]) => [`${seriesId} ${atMinute(minute)}`, average])
}

test('live prices are read once for each series, and from then on nothing is read', async () => {
  const log = logOf(Array.from({ length: 400 }, (_, at) => ({ seriesId: String(at % 4), minute: at, price: '1' })))
  let reads = 0
  const readInputsBefore: ReadInputsBefore = (entries, limit) => {
    reads += entries.length
    return readerOf(log)(entries, limit)
  }
  const sums = createRunningSums({ window: 5, maxInputs: 1_000, readInputsBefore })
  for (let from = 0; from < log.length; from += 10) await sums.add(log.slice(from, from + 10))
  assert.equal(reads, 4)
})

test('however large the windows and however many the series, the prices in memory and those of each read are limited', async () => {
  const log = logOf(
    Array.from({ length: 3_000 }, (_, at) => ({ seriesId: String(at % 1_000), minute: at, price: '1' })),
  )
  const asked: number[] = []
  const readInputsBefore: ReadInputsBefore = async (entries, limit) => {
    asked.push(entries.length * limit)
    return new Map()
  }
  const sums = createRunningSums({ window: 10_000, maxInputs: 100_000, readInputsBefore })
  const others: number[] = []
  for (let from = 0; from < log.length; from += 100) {
    others.push((await sums.add(log.slice(from, from + 100))).others.length)
  }
  assert.ok(Math.max(...asked) <= 20_000)
  // Two series of each batch are read, until ten are in memory: these stay, and the others are not read for nothing.
  assert.equal(asked.length, 5)
  assert.deepEqual(others, [98, 98, 98, 98, 98, ...Array.from({ length: 5 }, () => 100), ...others.slice(10)])
  assert.equal(
    others.slice(10, 20).reduce((a, b) => a + b),
    1_000 - 10,
  )
})
