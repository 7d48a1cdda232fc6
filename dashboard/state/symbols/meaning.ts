import { isSpelledWithCase } from '../../../src/lib/symbol.ts'
import { request, RequestError } from '../../api/client.ts'
import type { Symbol as SymbolEntry } from '../../api/schemas.ts'

/** What a search for a text has found; with a problem if the provider could not be asked. */
export type Found = { readonly matches: readonly SymbolEntry[]; readonly problem: string }
export type SearchSymbols = (text: string) => Promise<Found>

/** The symbols that a text means, the suggestion that it takes, or why it means nothing. */
export type Meaning =
  | { readonly symbols: readonly string[] }
  | { readonly suggestion: SymbolEntry }
  | { readonly problem: string; readonly suggestions?: readonly string[] }

const MAX_MATCHES = 8
const MAX_SYMBOLS = 100

/** A failed search must not keep a person from typing. */
export async function searchSymbols(text: string, provider?: string, signal?: AbortSignal): Promise<Found> {
  try {
    const query = { q: text, provider, limit: MAX_MATCHES }
    const { data, provider_error } = await request('GET /symbols', { query, ...(signal && { signal }) })
    return { matches: data, problem: provider_error?.detail ?? '' }
  } catch (error) {
    return { matches: [], problem: error instanceof RequestError ? error.message : '' }
  }
}

/** The symbols of a text, which commas separate. */
export function partsOf(text: string): readonly string[] {
  return [...new Set(text.split(/[,;\n]/).map((part) => part.trim()))].filter((part) => part !== '')
}

/**
 * What a text means. One that is not the symbol of a suggestion takes the first suggestion, so that a company's name never
 * becomes a job; without suggestions, only text that is written like a symbol is one.
 */
export async function meaningOf(text: string, search: SearchSymbols): Promise<Meaning> {
  const parts = partsOf(text)
  const [first, second] = parts
  if (first === undefined) return { problem: 'Type a symbol, or several with commas between them.' }
  if (parts.length > MAX_SYMBOLS) return { problem: `At most ${MAX_SYMBOLS} symbols can be started at a time.` }
  if (second !== undefined) return meaningOfSeveral(parts, search)
  const found = await search(first)
  const [suggestion] = found.matches
  const exact = exactMatch(first, found)
  if (exact) return { symbols: [exact] }
  if (suggestion) return { suggestion }
  return isWrittenLikeSymbol(first) ? { symbols: [first] } : { problem: problemOf(first, found) }
}

/** Only what is not written like a symbol is searched for: each search is a request to the provider. */
async function meaningOfSeveral(parts: readonly string[], search: SearchSymbols): Promise<Meaning> {
  const symbols: string[] = []
  for (const part of parts) {
    const found = isWrittenLikeSymbol(part) ? undefined : await search(part)
    const symbol = found ? exactMatch(part, found) : part
    if (symbol !== undefined) symbols.push(symbol)
    else return { problem: problemOf(part, found), suggestions: found?.matches.map((match) => match.symbol) ?? [] }
  }
  return { symbols }
}

function exactMatch(text: string, { matches }: Found): string | undefined {
  const upper = text.toUpperCase()
  const isSpelled = (match: SymbolEntry) => spellingsOf(match).includes(text)
  const isSpelledInCapitals = (match: SymbolEntry) => spellingsOf(match).some((one) => one.toUpperCase() === upper)
  // `USDGBp=X` is not `USDGBP=X`.
  return (matches.find(isSpelled) ?? matches.find(isSpelledInCapitals))?.symbol
}

function spellingsOf({ symbol, provider_symbol }: SymbolEntry): readonly string[] {
  return [symbol, symbol.replace('.', '-'), provider_symbol]
}

/**
 * In capitals, but for pairs such as `USDGBp=X`, and without spaces. Whether the characters are those of a symbol, the
 * service decides.
 */
function isWrittenLikeSymbol(text: string): boolean {
  return !/[\s\p{Ll}]/u.test(text) || isSpelledWithCase(text)
}

function problemOf(text: string, found: Found | undefined): string {
  const [first] = found?.matches ?? []
  if (first) return `“${text}” is not a symbol. Did you mean ${first.symbol}${first.name ? `, ${first.name}` : ''}?`
  const why = found?.problem ? `No suggestions for “${text}”: ${found.problem}` : `Nothing is found for “${text}”.`
  if (/\s/.test(text)) return `${why} A symbol has no spaces.`
  return `${why} If ${text.toUpperCase()} is the symbol, type it in capitals.`
}
