import { signal } from '@preact/signals'
import { request, RequestError } from '../../api/client.ts'
import type { Symbol as StoredSymbol } from '../../api/schemas.ts'

/** The symbols with stored prices; undefined until the service has listed them. */
export const stored = signal<readonly StoredSymbol[] | undefined>(undefined)
/** Whether the service has more than are listed; a filter then finds the others. */
export const hasMoreSymbols = signal(false)
/** Whether all symbols that are listed have been read once. */
export const isListComplete = signal(false)

const PAGE_SIZE = 1_000
/** Beyond this many, a list to scroll through helps nobody. */
const MAX_LISTED = 10_000
const MAX_FOUND = 100

/** Lists the stored symbols again, page by page. @throws RequestError */
export async function listSymbols(): Promise<void> {
  const listed: StoredSymbol[] = []
  let cursor: string | undefined
  do {
    const { data, next_cursor } = await request('GET /symbols', { query: { limit: PAGE_SIZE, cursor } })
    listed.push(...data)
    cursor = next_cursor ?? undefined
    if (stored.peek() === undefined) stored.value = [...listed]
  } while (cursor !== undefined && listed.length < MAX_LISTED)
  hasMoreSymbols.value = cursor !== undefined
  stored.value = hasMoreSymbols.value ? mergedWith(listed) : listed
  isListComplete.value = true
}

/** Adds the stored symbols that match the text, if the list is not complete. A failure changes nothing. */
export async function findStored(text: string, stop: AbortSignal): Promise<void> {
  if (!hasMoreSymbols.peek() || text === '') return
  try {
    const { data } = await request('GET /symbols', { query: { q: text, limit: MAX_FOUND }, signal: stop })
    stored.value = mergedWith(data.filter(({ is_stored }) => is_stored))
  } catch (error) {
    if (!(error instanceof RequestError) && !stop.aborted) throw error
  }
}

function mergedWith(more: readonly StoredSymbol[]): readonly StoredSymbol[] {
  const all = [...(stored.peek() ?? []), ...more]
  return [...new Map(all.map((one) => [`${one.symbol} ${one.provider}`, one])).values()]
}
