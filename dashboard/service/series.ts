import type { Average, Page, PastPrice } from './answers.ts'
import { ask, query } from './ask.ts'
import type { Decimal } from './decimal.ts'
import type { Row } from './market.ts'
import { secondsOf } from './time.ts'

/** A number at a time, in seconds since 1970. */
export type Point = { readonly time: number; readonly text: Decimal }
export type Points = { readonly points: readonly Point[]; readonly hasMore: boolean }

/** The most of one request, and as many as a screen can tell apart. */
export const MAX_POINTS = 10_000

type Asked = { readonly row: Row; readonly from?: string | undefined; readonly signal: AbortSignal }

/** The newest prices, oldest first. @throws RequestError */
export async function readPrices({ row, from, signal }: Asked): Promise<Points> {
  const path = `/prices/history${query({ ...seriesOf(row), from, limit: MAX_POINTS })}`
  const page = await ask<Page<PastPrice>>(path, { signal })
  return pointsOf(
    page,
    page.data.map(({ timestamp, price }) => ({ time: secondsOf(timestamp), text: price })),
  )
}

/** The newest averages over so many prices, oldest first. @throws RequestError */
export async function readAverages(window: number, { row, from, signal }: Asked): Promise<Points> {
  const path = `/moving-averages${query({ ...seriesOf(row), window, from, limit: MAX_POINTS })}`
  const page = await ask<Page<Average>>(path, { signal })
  return pointsOf(
    page,
    page.data.map(({ timestamp, average }) => ({ time: secondsOf(timestamp), text: average })),
  )
}

/** Pence and pounds never share a line. */
function seriesOf({ symbol, provider, standing }: Row) {
  const currency = standing.peek()?.currency
  return { symbol, provider, currency: currency && /^[A-Za-z]{3}$/.test(currency) ? currency : undefined }
}

/** They come newest first; a line has one point at a time. */
function pointsOf(page: Page<unknown>, newestFirst: readonly Point[]): Points {
  const points = newestFirst.toReversed().filter(({ time }, at, all) => time !== all[at + 1]?.time)
  return { points, hasMore: page.next_cursor !== null }
}
