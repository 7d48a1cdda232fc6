import { compareDecimals, type Decimal } from '../../lib/decimal.ts'
import { compareInstants, type Instant } from '../../lib/instant.ts'
import type { RecordOutcome } from '../prices/quote.ts'

/** The price that counts now for one event time of a series. */
export type CurrentPrice = {
  readonly priceId: string
  readonly price: Decimal
  readonly revision: number
  readonly correction: boolean
  readonly receivedAt: Instant
  readonly recordedAt: Instant
  readonly rawResponseId: string
}

/** What is stored already of a series: its newest event time, and the current price at the time in question. */
export type Known = { readonly newest: Instant | undefined; readonly current: CurrentPrice | undefined }

export type Verdict = {
  readonly outcome: RecordOutcome
  /** The revision to write; only where something is to be written. */
  readonly revision: number
  /** A newer event time of the series exists. */
  readonly late: boolean
}

/**
 * What becomes of a price said at `receivedAt` for `eventTime`, given what is known (design §4). The same price again only
 * confirms; another price supersedes, unless it was received before the one that counts. It is a correction where a newer
 * time existed already; else the provider's clock is merely coarse (Yahoo counts seconds).
 */
export function judgePrice(said: { price: Decimal; eventTime: Instant; receivedAt: Instant }, known: Known): Verdict {
  const { newest, current } = known
  const late = newest !== undefined && compareInstants(newest, said.eventTime) > 0
  if (current === undefined) return { outcome: 'recorded', revision: 1, late }
  const revision = current.revision + 1
  if (compareDecimals(current.price, said.price) === 0) return { outcome: 'confirmed', revision, late }
  if (compareInstants(said.receivedAt, current.receivedAt) < 0) return { outcome: 'outdated', revision, late }
  return { outcome: late ? 'corrected' : 'recorded', revision, late }
}
