import type { Decimal } from '../../src/lib/decimal.ts'
import { request } from '../api/client.ts'
import type { Row } from './market.ts'

/** A number at a time, in seconds since 1970. */
export type Point = { readonly time: number; readonly text: Decimal }
export type Points = { readonly points: readonly Point[]; readonly hasMore: boolean }

/** The maximum of one request, and more than a screen can resolve. */
export const MAX_POINTS = 10_000

type SeriesRequest = { readonly row: Row; readonly from?: string | undefined; readonly signal: AbortSignal }

/** The newest prices, oldest first. @throws RequestError */
export async function readPrices({ row, from, signal }: SeriesRequest): Promise<Points> {
  const query = { ...seriesOf(row), from, limit: MAX_POINTS }
  const { data, next_cursor } = await request('GET /prices/history', { query, signal })
  const points = data.map(({ timestamp, price }) => ({ time: secondsOf(timestamp), text: price }))
  return { points: oldestFirst(points), hasMore: next_cursor !== null }
}

/** The newest averages over `window` prices, oldest first. @throws RequestError */
export async function readAverages(window: number, { row, from, signal }: SeriesRequest): Promise<Points> {
  const query = { ...seriesOf(row), window, from, limit: MAX_POINTS }
  const { data, next_cursor } = await request('GET /moving-averages', { query, signal })
  const points = data.map(({ timestamp, average }) => ({ time: secondsOf(timestamp), text: average }))
  return { points: oldestFirst(points), hasMore: next_cursor !== null }
}

/** Seconds since 1970, to the microsecond: `Date` stops at milliseconds. */
export function secondsOf(timestamp: string): number {
  const millis = Date.parse(timestamp)
  const micros = /\.\d{3}(\d{1,3})/.exec(timestamp)?.[1]
  return millis / 1_000 + (micros === undefined ? 0 : Number(micros.padEnd(3, '0')) / 1_000_000)
}

/** One line never mixes currencies, such as pence and pounds. */
function seriesOf({ symbol, provider, status }: Row) {
  const currency = status.peek()?.currency
  return { symbol, provider, currency: currency && /^[A-Za-z]{3}$/.test(currency) ? currency : undefined }
}

/** A line has one point per time. */
function oldestFirst(newestFirst: readonly Point[]): readonly Point[] {
  return newestFirst.toReversed().filter(({ time }, at, all) => time !== all[at + 1]?.time)
}
