import { parse } from 'node:querystring'

/** The members of a query as text; a name that occurs more than once has a list. */
export type ParsedQuery = Readonly<Record<string, string | readonly string[] | undefined>>

/** Enough for what a dashboard or a program asks for again and again, in less than 1 MiB. */
const MAX_REMEMBERED = 1_000
const MAX_LENGTH = 200

/**
 * Parses queries, each text once: the same text gives the same frozen object. So whatever is derived from a query, such as
 * the result of its validation, can be kept by that object (`memoizeByObject`), and is then found without comparing texts.
 */
export function createQueryParser(): (text: string) => ParsedQuery {
  const known = new Map<string, ParsedQuery>()
  return (text) => {
    const found = known.get(text)
    if (found) return found
    const query = parseQuery(text)
    if (text.length > MAX_LENGTH) return query
    if (known.size >= MAX_REMEMBERED) known.clear()
    known.set(text, query)
    return query
  }
}

function parseQuery(text: string): ParsedQuery {
  const query = parse(text.replaceAll('+', ' '), '&', '=', { maxKeys: 0, decodeURIComponent: decode })
  for (const value of Object.values(query)) Object.freeze(value)
  return Object.freeze(query)
}

/** Text that is not encoded correctly stays as it is, for validation to refuse. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
