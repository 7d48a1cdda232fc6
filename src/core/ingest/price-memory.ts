import type { Clock } from '../../lib/clock.ts'
import { memoizeByObject } from '../../lib/memoize.ts'
import type { StoredPrice } from '../prices/quote.ts'
import type { ReadLatest } from './read-through.ts'

type Request = Parameters<ReadLatest>[0]
type Found = ReadonlyMap<string, StoredPrice>

/** What was just read from the store, so that a popular symbol is not read for each caller. */
export type PriceMemory = {
  /** The prices by symbol: from memory, from a read that is running, or from a new one. */
  read(request: Request): Promise<Found>
  /** The same from memory only, without waiting; undefined if `read` would have to wait. */
  peek(request: Request): Found | undefined
  /** Makes the next caller read again. */
  forget(): void
}

/** Limits the reads of a popular symbol; prices that other processes store are seen this much later. */
const REMEMBERED_MS = 100
const MAX_REMEMBERED = 1_000

type Read = { readonly prices: Promise<Found>; found: Found | undefined; until: number }

/** Callers with the same question share one read while it is running, and until a moment after it started. */
export function createPriceMemory(readLatest: ReadLatest, clock: Clock): PriceMemory {
  const reads = new Map<string, Read>()

  function startRead(request: Request): Read {
    if (reads.size >= MAX_REMEMBERED) reads.clear()
    const until = clock.monotonic() + REMEMBERED_MS
    const read: Read = { prices: readLatest(request), found: undefined, until: Number.POSITIVE_INFINITY }
    reads.set(keyOf(request), read)
    read.prices.then(
      (found) => Object.assign(read, { found, until }),
      () => (read.until = 0),
    )
    return read
  }

  function currentRead(request: Request): Read | undefined {
    const read = reads.get(keyOf(request))
    return read && read.until > clock.monotonic() ? read : undefined
  }

  return {
    read: (request) => (currentRead(request) ?? startRead(request)).prices,
    peek: (request) => currentRead(request)?.found,
    forget: () => reads.clear(),
  }
}

const keyOf = memoizeByObject(
  ({ provider, currency = '', symbols }: Request) => `${provider} ${currency} ${symbols.join()}`,
)
