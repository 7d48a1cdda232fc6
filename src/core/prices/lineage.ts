import type { Decimal } from '../../lib/decimal.ts'
import type { PastPrice } from './history.ts'
import type { Instant } from '../../lib/instant.ts'

/** A stored reply, without its bytes. */
export type RawResponse = {
  readonly rawResponseId: string
  readonly provider: string
  readonly symbols: readonly string[]
  readonly request: string
  readonly status: number
  /** SHA-256 of the bytes as they were received, hexadecimal. */
  readonly sha256: string
  readonly parserVersion: number
  readonly receivedAt: Instant
  readonly refused: readonly { readonly symbol: string; readonly code: string; readonly detail: string }[]
}

/** Where a price came from, and which averages contain it. */
export type Lineage = {
  readonly symbol: string
  readonly provider: string
  readonly price: PastPrice
  /** Every price of the same series and time, oldest first; the last one is current. */
  readonly revisions: readonly PastPrice[]
  /** Null once the reply has been deleted. */
  readonly rawResponse: RawResponse | null
  /** The averages that contain the current price of that time. */
  readonly averages: readonly { readonly window: number; readonly timestamp: Instant; readonly average: Decimal }[]
}

/** Undefined if no price has that id. */
export type ReadLineage = (priceId: string) => Promise<Lineage | undefined>

export type ReadRawResponse = (rawResponseId: string) => Promise<RawResponse | undefined>

/**
 * The bytes as the provider sent them; undefined if the reply does not exist.
 * @throws ServiceError `not_found` if the stored bytes are no longer what the provider sent
 */
export type ReadRawBody = (rawResponseId: string) => Promise<Uint8Array | undefined>
