import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parse } from 'csv-parse/sync'
import { createLineSplitter } from '../../../src/providers/csv/lines.ts'

const SHAPE = { lineEnd: '\n', delimiter: ',' } as const

/** The lines of a text that arrives in these parts. */
function linesOf(parts: readonly string[]): readonly string[] {
  const split = createLineSplitter(SHAPE)
  const lines = parts.flatMap((part) => [...split(Buffer.from(part), false)])
  return [...lines, ...split(Buffer.alloc(0), true)].map(({ number, text }) => `${number} ${text.toString()}`)
}

const texts = fc.array(fc.constantFrom('a', '"', ',', '\n', '\r\n', ' '), { maxLength: 40 })

test('a text has the same lines in whatever parts it arrives', () => {
  fc.assert(
    fc.property(texts, (pieces) => {
      assert.deepEqual(linesOf(pieces), linesOf([pieces.join('')]))
    }),
    { numRuns: 2_000 },
  )
})

test('fields that are quoted as the standard says are never cut, whatever is in them', () => {
  const field = fc
    .array(fc.constantFrom('a', '"', ',', '\n', '\r\n'), { maxLength: 8 })
    .map((pieces) => pieces.join(''))
  fc.assert(
    fc.property(fc.array(fc.array(field, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 6 }), (rows) => {
      const text = rows.map((row) => row.map(quoted).join(',')).join('\n')
      const lines = [...createLineSplitter(SHAPE)(Buffer.from(text), true)]
      const read: unknown[] = lines.map(
        (line) => parse(line.text, { relax_column_count: true, record_delimiter: '\n' })[0],
      )
      assert.deepEqual(read, rows)
    }),
    { numRuns: 1_000 },
  )
})

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}
