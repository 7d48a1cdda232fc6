import { jsonLine } from '../../formats/json-line.ts'
import { alignColumns, linesText, type Output } from '../terminal/output.ts'

/** One thing that `doctor` looked at. */
export type Check = {
  readonly name: string
  readonly status: 'ok' | 'warn' | 'fail'
  /** What was found. */
  readonly detail: string
  /** What to do about it. */
  readonly help?: string | undefined
}

const COLORS = { ok: 'green', warn: 'yellow', fail: 'red' } as const

/** A line for each check, and below it what to do where something is wrong. */
export function doctorReport(checks: readonly Check[], { paint }: Pick<Output, 'paint'>): string {
  const lines = alignColumns(checks.map(({ status, name, detail }) => [paint(COLORS[status], status), name, detail]))
  const indent = ' '.repeat(6)
  return linesText(
    lines.flatMap((line, at) => {
      const help = checks[at]?.help
      return help === undefined ? [line] : [line, `${indent}${paint('dim', help)}`]
    }),
  )
}

export function doctorJson(checks: readonly Check[]): string {
  return jsonLine({ status: worstOf(checks), checks })
}

export function worstOf(checks: readonly Check[]): Check['status'] {
  const found = new Set(checks.map(({ status }) => status))
  return found.has('fail') ? 'fail' : found.has('warn') ? 'warn' : 'ok'
}
