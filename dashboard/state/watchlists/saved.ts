/** A person's own list: the keys of its series, in the person's order. */
export type OwnList = { readonly id: string; readonly name: string; readonly keys: readonly string[] }
/** What the browser keeps. */
export type Saved = {
  readonly lists: readonly OwnList[]
  /** The list that is shown; undefined for all symbols. */
  readonly shownId: string | undefined
}

const VERSION = 1
const NOTHING: Saved = { lists: [], shownId: undefined }

/** The text that the browser keeps. */
export function savedText({ lists, shownId }: Saved): string {
  return JSON.stringify({ version: VERSION, lists, shown: shownId ?? null })
}

/** What of the text can be read: anything may stand in a browser's storage, and one broken list costs no other. */
export function readSaved(text: string | undefined): Saved {
  const { version, lists, shown } = objectOf(parsed(text))
  if (version !== VERSION || !Array.isArray(lists)) return NOTHING
  const byId = new Map(lists.flatMap(listOf).map((list) => [list.id, list]))
  return { lists: [...byId.values()], shownId: typeof shown === 'string' && byId.has(shown) ? shown : undefined }
}

/** Whether a newer version of the page wrote the text: then this one leaves it as it is. */
export function isOfNewerPage(text: string | undefined): boolean {
  const { version } = objectOf(parsed(text))
  return typeof version === 'number' && version > VERSION
}

function parsed(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return null
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function listOf(value: unknown): readonly OwnList[] {
  const { id, name, keys } = objectOf(value)
  if (typeof id !== 'string' || id === '' || typeof name !== 'string' || !Array.isArray(keys)) return []
  const series = keys.filter((key) => typeof key === 'string' && /^\S+ \S+$/.test(key))
  return [{ id, name: name.trim() || 'My list', keys: [...new Set<string>(series)] }]
}
