import type { Decimal } from '../../lib/decimal.ts'
import type { PastPrice } from './history.ts'
import type { Instant } from '../../lib/instant.ts'

/** A reply as it was kept; its bytes are read apart. */
export type RawResponse = {
  readonly rawResponseId: string
  readonly provider: string
  readonly symbols: readonly string[]
  readonly request: string
  readonly status: number
  /** Of the bytes as they came, hexadecimal. */
  readonly sha256: string
  readonly parserVersion: number
  readonly receivedAt: Instant
  readonly refused: readonly { readonly symbol: string; readonly code: string; readonly detail: string }[]
}

/** Where a price came from and where it went. */
export type Lineage = {
  readonly symbol: string
  readonly provider: string
  readonly price: PastPrice
  /** Every price of the same series and time, oldest first; the last one counts. */
  readonly revisions: readonly PastPrice[]
  /** Null where the reply is not kept any more. */
  readonly rawResponse: RawResponse | null
  /** The averages that the current price of that time is an input of. */
  readonly averages: readonly { readonly window: number; readonly timestamp: Instant; readonly average: Decimal }[]
}

/** Undefined where no price has that id. */
export type ReadLineage = (priceId: string) => Promise<Lineage | undefined>

export type ReadRawResponse = (rawResponseId: string) => Promise<RawResponse | undefined>

/**
 * The bytes as the provider sent them; undefined where there is no such reply.
 * @throws ServiceError `not_found` where they are no longer what the provider sent
 */
export type ReadRawBody = (rawResponseId: string) => Promise<Uint8Array | undefined>
