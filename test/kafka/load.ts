import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogEntry } from '../../src/core/log/entry.ts'
import { positionText } from '../../src/core/log/position.ts'
import { expectedAverages } from '../core/averages/oracle.ts'
import { readAverages, readStableLog } from '../core/averages/recorded-prices.ts'
import { readTopic } from '../support/kafka-records.ts'
import { until } from '../support/until.ts'
import type { Pipeline } from './pipeline.ts'

/** A pipeline in this process, or in separate ones. */
type Tables = Pick<Pipeline, 'pool'>
type Way = Tables & Pick<Pipeline, 'access'> & { readonly topic: { readonly name: string } }

export const SYMBOLS = ['AAPL', 'MSFT', 'BRK.B', 'BTC-USD', 'EURUSD', 'VOD.L', 'ETH-USD', 'TSLA']

/** Stores a price of every symbol each few milliseconds, whatever happens to the broker. */
export function createLoad(t: TestContext, { pool, tell }: Pick<Pipeline, 'pool' | 'tell'>) {
  let minute = 0
  const over = new AbortController()
  t.after(() => over.abort())
  const storing = (async () => {
    for (; !over.signal.aborted; minute += 1) {
      await tell(...SYMBOLS.map((symbol) => ({ symbol, minute, price: `${1 + (minute % 89)}.5` })))
      await sleep(20)
    }
  })()
  return {
    until: (minutes: number) => until(() => minute >= minutes, `${minutes} minutes are stored`),
    end: async () => {
      over.abort()
      await storing
      return readStableLog(pool)
    },
  }
}

/** Every price is published, each symbol's first occurrences in order, and averaged; no message was bad. */
export async function assertNothingLost(way: Way, log: readonly LogEntry[]): Promise<void> {
  await assertAverages(way, log)
  const records = await readTopic(way.access, way.topic.name)
  for (const symbol of SYMBOLS) {
    const published = new Set(records.filter(({ key }) => key === symbol).map(({ headers }) => headers['mds.position']))
    const expected = log.filter((entry) => entry.symbol === symbol).map(({ position }) => positionText(position))
    // A set keeps the order of first occurrences.
    assert.deepEqual([...published], expected)
  }
}

async function assertAverages({ pool }: Tables, log: readonly LogEntry[]): Promise<void> {
  const minutes = log.length / SYMBOLS.length
  const prices = new Map(Array.from({ length: minutes }, (_, minute) => [minute, `${1 + (minute % 89)}.5`]))
  for (const symbol of SYMBOLS) {
    const isAveraged = async () => (await readAverages(pool, 5, symbol)).length === minutes - 4
    // A member that was evicted first joins again, which takes a while on a busy machine.
    await until(isAveraged, `averages of ${symbol}`, { withinMs: 120_000 })
    assert.deepEqual(await readAverages(pool, 5, symbol), expectedAverages(prices, 5))
  }
  assert.deepEqual((await pool.query('select * from dead_letters')).rows, [])
}
