import { request } from '../../api/client.ts'
import type { Price } from '../../api/schemas.ts'

const SYMBOLS_PER_REQUEST = 100
const REQUESTS_AT_ONCE = 4
/** Up to this many rows are all read each time. */
const ALL_UP_TO = 200
/** A year: stored prices are enough here, so that opening the page never triggers a request to a provider. */
export const MAX_AGE_SECONDS = 31_536_000

type Rows = {
  /** The keys of all series with prices. */
  readonly keys: readonly string[]
  /** Those to read before all others. */
  readonly first: readonly string[]
}

/**
 * Reads the newest prices with their state. All of them the first time; then those on the screen, and of the others a
 * hundred each time in turn: the stream keeps their prices current, only their market's state is older.
 */
export function createLatestReader() {
  let visible: readonly string[] = []
  let read = new Set<string>()
  let next = 0

  /** The series that are due, in the order in which to read them. */
  const dueOf = ({ keys, first }: Rows): readonly string[] => {
    const known = new Set(keys)
    const urgent = [...first, ...visible].filter((key) => known.has(key))
    if (keys.length <= ALL_UP_TO) return [...new Set([...urgent, ...keys])]
    if (next >= keys.length) next = 0
    const inTurn = keys.slice(next, next + SYMBOLS_PER_REQUEST)
    next += SYMBOLS_PER_REQUEST
    return [...new Set([...urgent, ...keys.filter((key) => !read.has(key)), ...inTurn])]
  }

  return {
    reportVisible: (keys: readonly string[]) => void (visible = keys),
    /** @throws RequestError */
    read: async (rows: Rows, onPrices: (prices: readonly Price[]) => void): Promise<void> => {
      const due = dueOf(rows)
      const queries = queriesFor(due)
      for (let at = 0; at < queries.length; at += REQUESTS_AT_ONCE) {
        const answers = await Promise.all(queries.slice(at, at + REQUESTS_AT_ONCE).map(readLatest))
        for (const prices of answers) onPrices(prices)
      }
      read = new Set([...read, ...due])
    },
  }
}

type LatestQuery = { readonly provider: string; readonly symbols: string; readonly max_age: number }

async function readLatest(query: LatestQuery): Promise<readonly Price[]> {
  const answer = await request('GET /prices/latest', { query })
  const entries = 'data' in answer ? answer.data : [answer]
  return entries.filter((entry) => 'price' in entry)
}

function queriesFor(keys: readonly string[]): readonly LatestQuery[] {
  const series = keys.map((key) => key.split(' '))
  const byProvider = Map.groupBy(series, ([, provider = '']) => provider)
  return [...byProvider].flatMap(([provider, ofProvider]) =>
    chunks(ofProvider, SYMBOLS_PER_REQUEST).map((chunk) => ({
      symbols: chunk.map(([symbol]) => symbol).join(','),
      provider,
      max_age: MAX_AGE_SECONDS,
    })),
  )
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}
