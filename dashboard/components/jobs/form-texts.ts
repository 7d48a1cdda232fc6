import { RequestError } from '../../api/client.ts'
import type { Problem, RefusedSymbol } from '../../api/schemas.ts'
import { countText } from '../../format/count.ts'
import { intervalText } from '../../format/time.ts'
import type { CreatedJobs } from '../../state/jobs.ts'

const LISTED_SYMBOLS = 5

/** What was started, what it replaced, and what the service warns of. */
export function createdText({ jobs, replaced = [], warning }: CreatedJobs): string {
  const [first] = jobs
  if (first === undefined) return ''
  const interval = intervalText(first.interval_seconds)
  const started = `${symbolsText(jobs.map(({ symbol }) => symbol))} from ${first.provider}: fetched every ${interval}.`
  const before = replaced.length > 0 ? ` This replaced what was set for ${symbolsText(replaced)}.` : ''
  return `${started}${before}${warning ? ` ${warning}` : ''}`
}

function symbolsText(symbols: readonly string[]): string {
  return symbols.length > LISTED_SYMBOLS ? countText(symbols.length, 'symbol') : symbols.join(', ')
}

/** Why nothing was started: the text, and the symbol with its suggestions if the service has some. */
export function refusalOf(error: unknown): readonly [string, readonly RefusedSymbol[]] {
  if (!(error instanceof RequestError)) return [String(error), []]
  const { problem, message } = error
  const { symbol = '', code = '', suggestions = [] }: Refusal = problem ?? {}
  return suggestions.length > 0
    ? ['', [{ symbol, code, detail: message, suggestions }]]
    : [problem?.errors?.map(mistakeText).join(' ') ?? message, []]
}

function mistakeText({ pointer, detail }: { pointer: string; detail: string }): string {
  return `${fieldOf(pointer)} ${detail.replace(/\.$/, '')}.`
}

type Refusal = Partial<Pick<Problem, 'symbol' | 'code'> & Pick<RefusedSymbol, 'suggestions'>>

/** The service names members of its request; a person needs to know which field is wrong. */
function fieldOf(pointer: string): string {
  const [, member = '', at] = pointer.split('/')
  if (member === 'symbols' && at !== undefined) return `Symbol ${Number(at) + 1}:`
  return `${{ symbol: 'Symbol', symbols: 'Symbols', interval_seconds: 'Interval' }[member] ?? member}:`
}
