import type { WriteStream } from 'node:tty'
import { stripVTControlCharacters, styleText } from 'node:util'

/** The exit code of a command that failed, or that found a problem. */
export const EXIT_FAILED = 1

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

/** The output of a command: data on stdout, messages on stderr. */
export type Output = {
  /** Resolves when stdout has accepted the text; immediately, and without an error, once its reader has left. */
  write(text: string): Promise<void>
  /** A message for people, on stderr. */
  report(message: string): void
  /** Aborted when the reader of stdout has left (`| head`), so that the command can stop. */
  readonly closed: AbortSignal
  readonly isTerminal: boolean
  /** Adds a style if stdout is a terminal that allows colours (see `NO_COLOR`). */
  paint(style: Style, text: string): string
  /** The current size of the terminal. */
  size(): { readonly columns: number; readonly rows: number }
}

type Streams = { readonly stdout: WriteStream; readonly stderr: NodeJS.WritableStream }

export function createOutput({ stdout, stderr }: Streams): Output {
  const closing = new AbortController()
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    closing.abort()
  })
  return {
    write: (text) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      // Errors reach the listener above.
      if (closing.signal.aborted) resolve()
      else stdout.write(text, () => resolve())
      return promise
    },
    report: (message) => void stderr.write(`market-data: ${message}\n`),
    closed: closing.signal,
    isTerminal: stdout.isTTY,
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
  }
}

/** Formats rows as lines of aligned columns; styles do not count towards the width. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  }
  const pad = (cell: string, at: number) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell))
  return rows.map((row) => row.map(pad).join('  ').trimEnd())
}

/** The lines, each with a line break. */
export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
