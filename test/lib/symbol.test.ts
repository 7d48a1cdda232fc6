import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalSymbol } from '../../src/lib/symbol.ts'

test('every spelling of a symbol becomes one canonical symbol', () => {
  const cases = {
    aapl: 'AAPL',
    ' brk-b ': 'BRK.B',
    'BRK.B': 'BRK.B',
    'btc-usd': 'BTC-USD',
    'EURUSD=X': 'EURUSD',
    'JPY=X': 'USDJPY',
  }
  const unchanged = ['^GSPC', 'VOD.L', 'GC=F', '0P000071W8.TO', 'M&M.NS', 'EURUSD', 'X-TOO']
  for (const [given, symbol] of Object.entries(cases)) assert.equal(canonicalSymbol(given), symbol)
  for (const symbol of unchanged) assert.equal(canonicalSymbol(symbol), symbol)
})

test('text that could change an address or a statement is not a symbol', () => {
  const bad = ['', ' ', '../x', 'A/B', 'A?x=1', 'A,B', "A'--", 'A B', 'Ä', '.A', 'A'.repeat(33), '%41']
  for (const given of bad)
    assert.throws(() => canonicalSymbol(given), { code: 'invalid_request' }, JSON.stringify(given))
})
