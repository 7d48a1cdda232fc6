import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalSymbol, symbolHint } from '../../src/lib/symbol.ts'

test('every spelling of a symbol becomes one canonical symbol', () => {
  const cases = {
    aapl: 'AAPL',
    ' brk-b ': 'BRK.B',
    'BRK.B': 'BRK.B',
    'btc-usd': 'BTC-USD',
    'EURUSD=X': 'EURUSD',
    'JPY=X': 'USDJPY',
  }
  const unchanged = ['^GSPC', 'VOD.L', 'GC=F', '0P000071W8.TO', 'M&M.NS', 'EURUSD', 'X-TOO', 'NIFTY_FIN_SERVICE.NS']
  for (const [given, symbol] of Object.entries(cases)) assert.equal(canonicalSymbol(given), symbol)
  for (const symbol of unchanged) assert.equal(canonicalSymbol(symbol), symbol)
})

test('text that could change an address or a statement is not a symbol', () => {
  const bad = ['', ' ', '../x', 'A/B', 'A?x=1', 'A,B', "A'--", 'A B', 'Ä', '.A', 'A'.repeat(33), '%41']
  for (const given of bad)
    assert.throws(() => canonicalSymbol(given), { code: 'invalid_request' }, JSON.stringify(given))
})

test('spellings that a provider tells apart never become one symbol', () => {
  const cases = {
    'USDGBP=X': 'USDGBP',
    'usdgbp=x': 'USDGBP',
    'USDGBp=X': 'USDGBp=X',
    'GBp=X': 'GBp=X',
    'ZAcUSD=X': 'ZAcUSD=X',
    'ABCDEF=X': 'ABCDEF=X',
    'USDT=X': 'USDT=X',
    'GBX=X': 'GBX=X',
  }
  for (const [given, symbol] of Object.entries(cases)) assert.equal(canonicalSymbol(given), symbol, given)
})

test('letters that change when made capital are refused, not turned into the symbol of another company', () => {
  for (const given of ['ß', 'ſpy', 'ı', 'ﬁ', 'ﬀ', '\u212a', 'aapl\0', '\ud800']) {
    assert.throws(() => canonicalSymbol(given), { code: 'invalid_request' }, JSON.stringify(given))
  }
})

test('a spelling of another vendor is refused with the one to write', () => {
  const cases = {
    'BRK/B': 'Yahoo writes BRK-B',
    'brk b': 'Yahoo writes BRK-B',
    $AAPL: 'write AAPL, without the dollar sign',
    'NASDAQ:AAPL': 'Yahoo writes AAPL',
    'LSE:VOD': 'Yahoo writes VOD.L',
    'XYZ:VOD': 'leave out XYZ:, and find the symbol with /symbols?q=VOD',
    'ES1!': 'Yahoo writes ES=F',
    'EUR/USD': 'Yahoo writes EURUSD=X',
    'BTC/USD': 'Yahoo writes BTC-USD',
    'Apple Inc': 'a symbol has no spaces; find it with /symbols?q=…',
    '@CH20': 'a symbol is up to 32 letters A to Z, digits and . ^ = & _ -; find it with /symbols?q=…',
    AAPL: undefined,
  }
  for (const [given, hint] of Object.entries(cases)) assert.equal(symbolHint(given), hint, given)
  assert.throws(() => canonicalSymbol('BRK/B'), { message: 'Not a symbol: "BRK/B": Yahoo writes BRK-B.' })
})
