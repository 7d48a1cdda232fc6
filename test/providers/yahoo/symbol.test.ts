import assert from 'node:assert/strict'
import { test } from 'node:test'
import { symbolFromYahoo, yahooSymbol } from '../../../src/providers/yahoo/symbol.ts'

const SPELLINGS = [
  ['AAPL', 'AAPL'],
  ['BRK.B', 'BRK-B'],
  ['EURUSD', 'EURUSD=X'],
  ['USDCNH', 'USDCNH=X'],
  ['XAUUSD', 'XAUUSD=X'],
  ['BTC-USD', 'BTC-USD'],
  ['OCDO.L', 'OCDO.L'],
  ['0P000071W8.TO', '0P000071W8.TO'],
  ['^GSPC', '^GSPC'],
  ['GC=F', 'GC=F'],
  ['GOOGLE', 'GOOGLE'],
  ['NIFTY_FIN_SERVICE.NS', 'NIFTY_FIN_SERVICE.NS'],
  ['USDGBp=X', 'USDGBp=X'],
  ['ABCDEF=X', 'ABCDEF=X'],
] as const

test('a symbol and Yahoo’s spelling of it are converted into each other', () => {
  for (const [symbol, spelling] of SPELLINGS) {
    assert.equal(yahooSymbol(symbol), spelling)
    assert.equal(symbolFromYahoo(spelling), symbol)
  }
})

test('text that cannot be a canonical symbol is not converted', () => {
  for (const text of ['', '../../v1/test/getcrumb', 'A,B', null, 7]) assert.equal(symbolFromYahoo(text), undefined)
})
