import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProviderRegistry } from '../../src/providers/registry.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { createTestClock, NOW, summaryOf } from '../support/yahoo-harness.ts'

test('a provider is found by its name and by its alias', () => {
  const sources = createProviderRegistry({ clock: createTestClock() })
  for (const source of sources.list()) assert.equal(sources.get(source.name), source)
  assert.equal(sources.get('yahoo'), sources.get('yfinance'))
})

test('the replies of every provider can be read, also of `replay` where there is no file any more', () => {
  const sources = createProviderRegistry({ clock: createTestClock() })
  for (const source of sources.list()) assert.equal(sources.parserOf(source.name), source)
  const symbols = ['AAPL']
  const parser = sources.parserOf('replay')
  const body = Buffer.from('{"quotes":[{"symbol":"AAPL","price":"1.50","timestamp":"2025-01-01T00:00:00Z"}]}')
  const reply = { provider: 'replay', symbols, request: 'replay AAPL', status: 200, body, parserVersion: 1 }
  const results = parser?.parseReply({ ...reply, receivedAt: instantFromMillis(NOW) })
  assert.deepEqual(results?.map(summaryOf), ['AAPL 1.50'])
  assert.equal(sources.parserOf('bloomberg'), undefined)
})

test('an unknown provider is refused with the names of those that there are', () => {
  const sources = createProviderRegistry({ clock: createTestClock() })
  const known = sources.list().map(({ name }) => name)
  assert.ok(known.includes('yfinance') && known.includes('simulated'))
  for (const name of ['bloomberg', '', 'constructor', 'replay']) {
    assert.throws(() => sources.get(name), { code: 'unknown_provider', message: new RegExp(known.join(', ')) })
  }
})
