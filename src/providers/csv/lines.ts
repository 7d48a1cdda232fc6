import type { Shape } from './shape.ts'

/** A line of a file, or the lines of a record with a line break in a quoted field, without the line end. */
export type CsvLine = {
  /** In the file, the first line being 1. */
  readonly number: number
  readonly text: Buffer
}

export const LINE_END = Buffer.from('\n')

/** In bytes; a quoted field that is longer counts as never closed. */
const LONGEST = 65_536
const [QUOTE, SPACE, RETURN] = [0x22, 0x20, 0x0d]

/** Splits a text that arrives in parts; memory does not grow with it. Blank lines are counted and left out. */
export type LineSplitter = (part: Buffer, isLast: boolean) => Generator<CsvLine, void>

/** @throws Error if a line is longer than 64 KiB */
export function createLineSplitter({ lineEnd, delimiter }: Shape): LineSplitter {
  const marks = { end: lineEnd.charCodeAt(0), delimiter: delimiter.charCodeAt(0) }
  let [rest, number]: [Buffer, number] = [Buffer.alloc(0), 1]
  return function* split(part, isLast) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part])
    let from = 0
    while (from < bytes.length) {
      const to = recordEnd({ bytes, from, isLast }, marks)
      if (to === undefined) break
      const text = withoutReturn(bytes.subarray(from, to))
      if (text.length > 0) yield { number, text }
      number += 1 + countOf(marks.end, text)
      from = to + 1
    }
    rest = bytes.subarray(from)
    if (rest.length > LONGEST) throw new Error(`line ${number} is too long`)
  }
}

type Marks = { readonly end: number; readonly delimiter: number }
type Window = { readonly bytes: Buffer; readonly from: number; readonly isLast: boolean }

/**
 * Where the record ends; undefined if more bytes are needed. A quote that is not closed within 64 KiB belongs to a damaged
 * line, which then ends where it seems to, so that the lines below are read.
 */
function recordEnd({ bytes, from, isLast }: Window, { end, delimiter }: Marks): number | undefined {
  const first = nextEnd(from)
  let [at, isOpen] = [first, first !== undefined && endsInQuotes(bytes.subarray(from, first), delimiter, false)]
  while (isOpen && at !== undefined) {
    if (at >= bytes.length || at - from > LONGEST) return first
    const next = nextEnd(at + 1)
    if (next === undefined && bytes.length - from > LONGEST) return first
    isOpen = next !== undefined && endsInQuotes(bytes.subarray(at, next), delimiter, true)
    at = next
  }
  return at

  function nextEnd(start: number): number | undefined {
    const found = bytes.indexOf(end, start)
    if (found >= 0) return found
    return isLast ? bytes.length : undefined
  }
}

/** Whether a text ends inside a quoted field. A quote opens a field only at its start; two inside it are one of its text. */
function endsInQuotes(text: Buffer, delimiter: number, startsInside: boolean): boolean {
  if (!text.includes(QUOTE)) return startsInside
  let [isInside, mayOpen] = [startsInside, !startsInside]
  for (const byte of text) {
    if (isInside) {
      isInside = byte !== QUOTE
      mayOpen = !isInside
    } else {
      isInside = mayOpen && byte === QUOTE
      mayOpen = byte === delimiter || (mayOpen && byte === SPACE)
    }
  }
  return isInside
}

function countOf(byte: number, text: Buffer): number {
  let count = 0
  for (let at = text.indexOf(byte); at >= 0; at = text.indexOf(byte, at + 1)) count += 1
  return count
}

function withoutReturn(line: Buffer): Buffer {
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line
}

/** The lines, each with a line feed. */
export function joinLines(lines: readonly CsvLine[]): Buffer {
  return Buffer.concat(lines.flatMap(({ text }) => [text, LINE_END]))
}
