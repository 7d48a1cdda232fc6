import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { createProgress } from '../../../src/cli/terminal/progress.ts'

/** What is written to a terminal, or said where there is none, while the clock goes on by so many milliseconds each time. */
function show(isTerminal: boolean, everyMs: number) {
  const [written, said]: [string[], string[]] = [[], []]
  const output = {
    isTerminal,
    write: async (text: string) => void written.push(stripVTControlCharacters(text).trim()),
    say: (message: string) => void said.push(message),
    paint: (_style: string, text: string) => text,
    closed: new AbortController().signal,
    size: () => ({ columns: 80, rows: 24 }),
  }
  let now = 1_000_000
  const progress = createProgress(output, { now: () => (now += everyMs) })
  for (const done of [0, 250, 500, 1_000]) progress.show('prices', done, 1_000)
  progress.end()
  return { written, said }
}

test('on a terminal a bar grows to its full length, and leaves an empty line', () => {
  const { written, said } = show(true, 200)
  assert.deepEqual(written, [
    `${'░'.repeat(24)}  0 %  prices  0 of 1,000`,
    `${'█'.repeat(6)}${'░'.repeat(18)}  25 %  prices  250 of 1,000`,
    `${'█'.repeat(12)}${'░'.repeat(12)}  50 %  prices  500 of 1,000`,
    `${'█'.repeat(24)}  100 %  prices  1,000 of 1,000`,
    '',
  ])
  assert.deepEqual(said, [])
})

test('elsewhere a line is said now and then, and nothing is written among the data', () => {
  assert.deepEqual(show(false, 200), { written: [], said: [] })
  assert.deepEqual(show(false, 3_000), {
    written: [],
    said: ['25 %  prices  250 of 1,000', '100 %  prices  1,000 of 1,000'],
  })
})
