import type { Clock } from '../../../lib/clock.ts'
import { createBody, type Body } from './body.ts'

type Options = {
  /** Of all bodies in all encodings; a body above an eighth of it is not kept. */
  readonly maxBytes: number
  /** For changes that a version does not show. */
  readonly lifetimeMs: number
  readonly clock: Clock
}

/** Finished bodies by a key, each of a version: what it was made of. */
export type BodyCache = {
  /** Whether a body of this version is there, or on its way. */
  has(key: string, version: string): boolean
  /** That body, or a new one: made once for all who ask for it at the same time. */
  get(key: string, version: string, make: () => Promise<string>): Promise<Body>
}

type Entry = { readonly version: string; readonly body: Promise<Body>; made?: Body; until: number; bytes: number }

/** What a key and an entry take besides the bytes of the body. */
const ENTRY_BYTES = 500

export function createBodyCache({ maxBytes, lifetimeMs, clock }: Options): BodyCache {
  const { entries, remove, recount } = createEntries(maxBytes)

  const has = (key: string, version: string): boolean => {
    const entry = entries.get(key)
    return entry !== undefined && entry.version === version && entry.until > clock.monotonic()
  }

  /** The encodings of a body survive if it is made again and is the same. */
  async function bodyOf(key: string, make: () => Promise<string>, before: Body | undefined): Promise<Body> {
    const body = createBody(await make(), () => recount(key))
    return before?.hash === body.hash ? before : body
  }

  function start(key: string, version: string, make: () => Promise<string>): Entry {
    const until = clock.monotonic() + lifetimeMs
    const body = bodyOf(key, make, entries.get(key)?.made)
    const entry: Entry = { version, body, until: Number.POSITIVE_INFINITY, bytes: 0 }
    remove(key)
    const isKept = () => entries.get(key) === entry
    const keep = (made: Body) => {
      Object.assign(entry, { made, until })
      return isKept() && recount(key)
    }
    body.then(keep, () => isKept() && remove(key))
    return entry
  }

  return {
    has,
    get: (key, version, make) => {
      const known = has(key, version) ? entries.get(key) : undefined
      const entry = known ?? start(key, version, make)
      // The last one of a map is the one that was added last.
      entries.delete(key)
      entries.set(key, entry)
      return entry.body
    },
  }
}

/** Entries up to a number of bytes; the first one of the map, which was not asked for the longest, makes room. */
function createEntries(maxBytes: number) {
  const entries = new Map<string, Entry>()
  let total = 0

  function remove(key: string): void {
    total -= entries.get(key)?.bytes ?? 0
    entries.delete(key)
  }

  function recount(key: string): void {
    const entry = entries.get(key)
    if (entry?.made === undefined) return
    const bytes = entry.made.bytes() + 2 * key.length + ENTRY_BYTES
    total += bytes - entry.bytes
    entry.bytes = bytes
    if (bytes > maxBytes / 8) remove(key)
    for (const [oldest] of entries) if (total > maxBytes) remove(oldest)
  }

  return { entries, remove, recount }
}
