import type { Clock } from '../../lib/clock.ts'
import type { Output } from './output.ts'

/** Reports the progress of a long operation. */
export type Progress = {
  /** @param what the part being processed, such as a table */
  show(what: string, done: number, total: number): void
  /** Clears the terminal's line. */
  end(): void
}

const BAR_CELLS = 24
const REDRAW_EVERY_MS = 100
const REPORT_EVERY_MS = 5_000
const CLEAR_LINE = '\r\u001B[K'

/** A bar on a terminal; otherwise a line on stderr every few seconds. */
export function createProgress(output: Output, clock: Pick<Clock, 'monotonic'>): Progress {
  let last = output.isTerminal ? Number.NEGATIVE_INFINITY : clock.monotonic()
  return {
    show: (what, done, total) => {
      const now = clock.monotonic()
      if (now - last < (output.isTerminal ? REDRAW_EVERY_MS : REPORT_EVERY_MS)) return
      last = now
      const share = total === 0 ? 1 : Math.min(1, done / total)
      const text = `${Math.floor(share * 100)} %  ${what}  ${count(done)} of ${count(total)}`
      if (output.isTerminal) void output.write(`${CLEAR_LINE}${bar(share)}  ${text}`)
      else output.report(text)
    },
    end: () => void (output.isTerminal && output.write(CLEAR_LINE)),
  }
}

function bar(share: number): string {
  const full = Math.round(share * BAR_CELLS)
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}

/** A number and its noun: `1 price`, `1,200 prices`. */
export function countOf(number: number, noun: string): string {
  return `${count(number)} ${noun}${number === 1 ? '' : 's'}`
}

/** With thousands separators. */
export function count(number: number): string {
  return number.toLocaleString('en-US')
}
