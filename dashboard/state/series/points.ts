import type { Decimal } from '../../../src/lib/decimal.ts'
import { request } from '../../api/client.ts'
import type { Row } from '../market/rows.ts'

/** A number at a time, in seconds since 1970. Points of different currencies belong to different lines. */
export type Point = { readonly time: number; readonly text: Decimal; readonly currency: string | null }
export type Points = { readonly points: readonly Point[]; readonly hasMore: boolean }

/** What shows the points: a chart. */
export type Canvas = {
  setPrices(points: readonly Point[]): void
  addPrices(points: readonly Point[]): void
  setAverages(points: readonly Point[]): void
  addAverages(points: readonly Point[]): void
}

/** How long to wait before points that could not be read are requested again. */
export const RETRY_MS = 2_000
/** The maximum of one request, and more than a screen can resolve. */
export const MAX_POINTS = 10_000

type SeriesRequest = { readonly row: Row; readonly from?: string | undefined; readonly signal: AbortSignal }

/** The newest prices in every currency, oldest first. @throws RequestError */
export async function readPrices({ row, from, signal }: SeriesRequest): Promise<Points> {
  const query = { ...nameOf(row), from, limit: MAX_POINTS }
  const { data, next_cursor } = await request('GET /prices/history', { query, signal })
  const points = data.map(({ timestamp, price, currency }) => ({ time: secondsOf(timestamp), text: price, currency }))
  return { points: points.toReversed(), hasMore: next_cursor !== null }
}

/** The newest averages over `window` prices in every currency, oldest first. @throws RequestError */
export async function readAverages(window: number, { row, from, signal }: SeriesRequest): Promise<Points> {
  const query = { ...nameOf(row), window, from, limit: MAX_POINTS }
  const { data, next_cursor } = await request('GET /moving-averages', { query, signal })
  const points = data.map(({ timestamp, average, currency }) => ({
    time: secondsOf(timestamp),
    text: average,
    currency,
  }))
  return { points: points.toReversed(), hasMore: next_cursor !== null }
}

/** Seconds since 1970, to the microsecond: `Date` stops at milliseconds. */
export function secondsOf(timestamp: string): number {
  const millis = Date.parse(timestamp)
  const micros = /\.\d{3}(\d{1,3})/.exec(timestamp)?.[1]
  return millis / 1_000 + (micros === undefined ? 0 : Number(micros.padEnd(3, '0')) / 1_000_000)
}

function nameOf({ symbol, provider }: Row) {
  return { symbol, provider }
}
