import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSources } from '../../src/providers/sources.ts'
import { createTestClock } from '../support/yahoo-rig.ts'

test('a provider is found by its name and by its alias', () => {
  const sources = createSources({ clock: createTestClock() })
  for (const source of sources.list()) assert.equal(sources.get(source.name), source)
  assert.equal(sources.get('yahoo'), sources.get('yfinance'))
})

test('an unknown provider is refused with the names of those that there are', () => {
  const sources = createSources({ clock: createTestClock() })
  const known = sources.list().map(({ name }) => name)
  assert.ok(known.includes('yfinance') && known.includes('simulated'))
  for (const name of ['bloomberg', '', 'constructor', 'replay']) {
    assert.throws(() => sources.get(name), { code: 'unknown_provider', message: new RegExp(known.join(', ')) })
  }
})
