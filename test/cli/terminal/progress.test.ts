import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { countOf, createProgress } from '../../../src/cli/terminal/progress.ts'

/** What is written to the terminal and reported on stderr; each reading of the clock advances it by `stepMs`. */
function show(isTerminal: boolean, stepMs: number) {
  const [written, reported]: [string[], string[]] = [[], []]
  const output = {
    isTerminal,
    write: async (text: string) => void written.push(stripVTControlCharacters(text).trim()),
    report: (message: string) => void reported.push(message),
    paint: (_style: string, text: string) => text,
    closed: new AbortController().signal,
    size: () => ({ columns: 80, rows: 24 }),
  }
  let now = 1_000_000
  const progress = createProgress(output, { monotonic: () => (now += stepMs) })
  for (const done of [0, 250, 500, 1_000]) progress.show('prices', done, 1_000)
  progress.end()
  return { written, reported }
}

test('on a terminal, a bar grows to its full length, and its line is cleared at the end', () => {
  const { written, reported } = show(true, 200)
  assert.deepEqual(written, [
    `${'░'.repeat(24)}  0 %  prices  0 of 1,000`,
    `${'█'.repeat(6)}${'░'.repeat(18)}  25 %  prices  250 of 1,000`,
    `${'█'.repeat(12)}${'░'.repeat(12)}  50 %  prices  500 of 1,000`,
    `${'█'.repeat(24)}  100 %  prices  1,000 of 1,000`,
    '',
  ])
  assert.deepEqual(reported, [])
})

test('elsewhere, progress is reported every few seconds on stderr, and nothing is written to stdout', () => {
  assert.deepEqual(show(false, 200), { written: [], reported: [] })
  assert.deepEqual(show(false, 3_000), {
    written: [],
    reported: ['25 %  prices  250 of 1,000', '100 %  prices  1,000 of 1,000'],
  })
})

test('a number stands before the singular or the plural of its noun', () => {
  const texts = [0, 1, 2, 1_200].map((number) => countOf(number, 'price'))
  assert.deepEqual(texts, ['0 prices', '1 price', '2 prices', '1,200 prices'])
})
