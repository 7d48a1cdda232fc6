import { ANY_CASE_SYMBOL_PATTERN, otherSpelling } from '../../../lib/symbol.ts'
import type { Mistake } from './rules.ts'

const SYMBOL = new RegExp(`^${ANY_CASE_SYMBOL_PATTERN}$`)
const LOOKS_LIKE = 'write it like AAPL, BRK.B or ^GSPC, without spaces; /symbols?q= finds it by its name'
const SHOWN = 40

/** What is wrong with a value that should be one symbol, and what would be right. */
export function symbolMistakes(value: unknown): Mistake[] {
  const isSeveral = Array.isArray(value) || (typeof value === 'string' && value.includes(','))
  if (isSeveral) return [{ pointer: '', detail: 'must be one symbol; give several as symbols' }]
  return [{ pointer: '', detail: value === '' ? `is empty; ${LOOKS_LIKE}` : `is not a symbol: ${hintFor(value)}` }]
}

/** The same for a list in one text, with a pointer to each wrong element: `/2` is the third. */
export function symbolListMistakes(value: unknown, max: number): Mistake[] {
  const rule = `up to ${max} symbols, separated by commas without spaces: AAPL,MSFT`
  if (typeof value !== 'string') return [{ pointer: '', detail: `must be one list of ${rule}` }]
  if (value === '') return [{ pointer: '', detail: `is empty; write ${rule}` }]
  const elements = value.split(',')
  const tooMany = { pointer: '', detail: `has ${elements.length} symbols; give at most ${max} symbols` }
  const wrong = elements.flatMap((element, index) =>
    SYMBOL.test(element) ? [] : [{ pointer: `/${index}`, detail: elementMistake(element) }],
  )
  return elements.length > max ? [tooMany, ...wrong] : wrong
}

function elementMistake(text: string): string {
  if (text === '') return 'is empty: there is one comma too many'
  return `${JSON.stringify(text.slice(0, SHOWN))} is not a symbol: ${hintFor(text)}`
}

function hintFor(value: unknown): string {
  if (typeof value !== 'string') return LOOKS_LIKE
  const trimmed = value.trim()
  if (trimmed !== value && SYMBOL.test(trimmed)) return `write ${trimmed}, without the space`
  return otherSpelling(value) ?? LOOKS_LIKE
}
