import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { withFigures } from '../../bench/page.ts'
import { SCENARIOS } from '../../bench/scenarios.ts'
import { interleave, quantile, QUICK } from '../../bench/rounds.ts'
import { isReached, tableOf } from '../../bench/table.ts'

test('the sides take turns, the first round only warms up, and medians are given', async () => {
  const turns: string[] = []
  const side = (name: string, figures: number[]) => async () => {
    turns.push(name)
    return figures.shift() ?? 0
  }
  const sides = { ours: side('ours', [1_000, 3, 1, 2]), theirs: side('theirs', [0, 5, 4, 6]) }
  assert.deepEqual(await interleave({ ...QUICK, rounds: 3 }, sides), { ours: 2, theirs: 5 })
  assert.deepEqual(turns, Array.from({ length: 4 }, () => ['ours', 'theirs']).flat())
})

test('a quantile is a figure that was measured', () => {
  const figures = Array.from({ length: 100 }, (_, at) => 100 - at)
  assert.deepEqual([quantile(figures, 0), quantile(figures, 0.5), quantile(figures, 0.99)], [1, 51, 100])
})

test('a table tells what was missed as it tells what was reached', () => {
  const at = { what: 'pages', unit: 'pages/s', ours: 1_234.5 }
  const missed = { ...at, peer: { name: 'pgbench', theirs: 4_000, wanted: { atLeast: 0.4 } } }
  const reached = { ...at, peer: { name: 'small', theirs: 1_000, wanted: { atMost: 1.5 } } }
  assert.deepEqual([at, missed, reached].map(isReached), [undefined, false, true])
  assert.deepEqual(tableOf([at, missed, reached]).split('\n'), [
    '| measure | unit    | ours  | peer    | peer’s | ratio | wanted |         |',
    '| ------- | ------- | ----- | ------- | ------ | ----- | ------ | ------- |',
    '| pages   | pages/s | 1,230 |         |        |       |        |         |',
    '| pages   | pages/s | 1,230 | pgbench | 4,000  | 0.309 | ≥ 0.4  | missed  |',
    '| pages   | pages/s | 1,230 | small   | 1,000  | 1.23  | ≤ 1.5  | reached |',
  ])
})

test('the page has a place for every part, and what is written there leaves the rest as it is', () => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')
  for (const part of Object.keys(SCENARIOS)) {
    const written = withFigures(withFigures(page, part, 'FIRST'), part, 'SECOND')
    assert.ok(written.includes(`<!-- ${part} -->\nSECOND\n<!-- /${part} -->`), part)
    assert.equal(written.length, withFigures(page, part, '').length + 'SECOND'.length)
  }
})
