import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { withFigures } from '../../bench/report.ts'
import { SCENARIOS } from '../../bench/scenarios.ts'
import { interleave, quantile, QUICK } from '../../bench/interleave.ts'
import { isReached, tableOf } from '../../bench/table.ts'

test('the sides take turns, the first round is a warm-up, and the result is the medians', async () => {
  const turns: string[] = []
  const side = (name: string, figures: number[]) => async () => {
    turns.push(name)
    return figures.shift() ?? 0
  }
  const sides = { ours: side('ours', [1_000, 3, 1, 2]), theirs: side('theirs', [0, 5, 4, 6]) }
  assert.deepEqual(await interleave({ ...QUICK, rounds: 3 }, sides), { ours: 2, theirs: 5 })
  assert.deepEqual(turns, Array.from({ length: 4 }, () => ['ours', 'theirs']).flat())
})

test('a quantile is one of the measured figures', () => {
  const figures = Array.from({ length: 100 }, (_, at) => 100 - at)
  assert.deepEqual([quantile(figures, 0), quantile(figures, 0.5), quantile(figures, 0.99)], [1, 51, 100])
})

test('a table shows missed targets as well as reached ones', () => {
  const at = { what: 'pages', unit: 'pages/s', ours: 1_234.5 }
  const missed = { ...at, peer: { name: 'pgbench', theirs: 4_000, target: { atLeast: 0.4 } } }
  const reached = { ...at, peer: { name: 'small', theirs: 1_000, target: { atMost: 1.5 } } }
  assert.deepEqual([at, missed, reached].map(isReached), [undefined, false, true])
  assert.deepEqual(tableOf([at, missed, reached]).split('\n'), [
    '| measure | unit    | ours  | peer    | peer’s | ratio | target |         |',
    '| ------- | ------- | ----- | ------- | ------ | ----- | ------ | ------- |',
    '| pages   | pages/s | 1,230 |         |        |       |        |         |',
    '| pages   | pages/s | 1,230 | pgbench | 4,000  | 0.309 | ≥ 0.4  | missed  |',
    '| pages   | pages/s | 1,230 | small   | 1,000  | 1.23  | ≤ 1.5  | reached |',
  ])
})

test('the performance page has markers for every scenario, and writing figures changes nothing else', () => {
  const page = readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')
  for (const name of Object.keys(SCENARIOS)) {
    const written = withFigures(withFigures(page, name, 'FIRST'), name, 'SECOND')
    assert.ok(written.includes(`<!-- ${name} -->\nSECOND\n<!-- /${name} -->`), name)
    assert.equal(written.length, withFigures(page, name, '').length + 'SECOND'.length)
  }
})
