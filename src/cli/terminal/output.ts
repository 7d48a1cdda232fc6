import type { WriteStream } from 'node:tty'
import { stripVTControlCharacters, styleText } from 'node:util'

/** The exit code of a command that failed, or that found a problem. */
export const EXIT_FAILED = 1

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

/** Where a command speaks: data to stdout, messages to stderr. */
export type Output = {
  /** Resolves when stdout has taken it; at once, and without an error, when nobody reads any more. */
  write(text: string): Promise<void>
  /** A message for people, on stderr. */
  say(message: string): void
  /** Fires when the reader of stdout has left (`| head`): there is nobody left to work for. */
  readonly closed: AbortSignal
  readonly isTerminal: boolean
  /** Colours only where stdout is a terminal and nothing (`NO_COLOR`) speaks against it. */
  paint(style: Style, text: string): string
  /** Of the terminal, as it is now. */
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
      // Its error is heard above.
      if (closing.signal.aborted) resolve()
      else stdout.write(text, () => resolve())
      return promise
    },
    say: (message) => void stderr.write(`market-data: ${message}\n`),
    closed: closing.signal,
    isTerminal: stdout.isTTY,
    paint: (style, text) => styleText(style, text, { stream: stdout }),
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
  }
}

/** Rows of cells as lines in columns; colours take no room. */
export function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
  }
  const pad = (cell: string, at: number) => cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell))
  return rows.map((row) => row.map(pad).join('  ').trimEnd())
}

/** One line a row, each ended. */
export function linesText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('')
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length
}
