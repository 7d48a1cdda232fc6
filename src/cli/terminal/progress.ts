import type { Clock } from '../../lib/clock.ts'
import type { Output } from './output.ts'

/** Shows how far a long work is. */
export type Progress = {
  /** @param what a word for the part that is done now */
  show(what: string, done: number, all: number): void
  /** Leaves the terminal's line empty, for what comes next. */
  end(): void
}

const BAR_CELLS = 24
const REDRAWN_EVERY_MS = 100
const SAID_EVERY_MS = 5_000
const CLEAR_LINE = '\r\u001B[K'

/** A bar on a terminal; elsewhere a line now and then, on stderr. */
export function createProgress(output: Output, clock: Pick<Clock, 'now'>): Progress {
  let last = output.isTerminal ? 0 : clock.now()
  return {
    show: (what, done, all) => {
      const now = clock.now()
      if (now - last < (output.isTerminal ? REDRAWN_EVERY_MS : SAID_EVERY_MS)) return
      last = now
      const share = all === 0 ? 1 : Math.min(1, done / all)
      const words = `${Math.floor(share * 100)} %  ${what}  ${count(done)} of ${count(all)}`
      if (output.isTerminal) void output.write(`${CLEAR_LINE}${bar(share)}  ${words}`)
      else output.say(words)
    },
    end: () => void (output.isTerminal && output.write(CLEAR_LINE)),
  }
}

function bar(share: number): string {
  const full = Math.round(share * BAR_CELLS)
  return '█'.repeat(full) + '░'.repeat(BAR_CELLS - full)
}

/** With commas, as people read it. */
export function count(number: number): string {
  return number.toLocaleString('en-US')
}
