import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ROLES } from '../../../src/core/cluster/roles.ts'
import { startBanner, type StartBanner } from '../../../src/cli/terminal/start-banner.ts'

const STATUS: StartBanner = {
  url: 'http://127.0.0.1:8000',
  otherUrls: [],
  version: '1.2.3',
  roles: ROLES,
  data: '/data',
  providers: ['yfinance', 'simulated'],
  defaultProvider: 'yfinance',
  demoSymbols: [],
  access: 'this machine',
}

test('the start banner names every provider that exists, and the one for requests that name none', () => {
  const text = startBanner({ ...STATUS, providers: ['yfinance', 'simulated', 'replay'], defaultProvider: 'replay' })
  assert.match(text, /Providers +yfinance, simulated, replay; requests that name none use replay\n/)
})

test('the start banner of the demo says how its prices are read, unless they are the default', () => {
  const demo = { ...STATUS, demoSymbols: ['AAPL', 'MSFT'] }
  assert.match(startBanner(demo), /Demo +polls .* AAPL, MSFT every 2 seconds\n +to read them, .*provider=simulated\n/)
  assert.doesNotMatch(startBanner({ ...demo, defaultProvider: 'simulated' }), /to read them/)
})

test('every request of the start banner has a key if the service requires one, and says where it comes from', () => {
  const lines = startBanner({ ...STATUS, access: 'keys' }).split('\n')
  const requests = lines.filter((line) => line.includes('curl'))
  assert.equal(requests.length, 3)
  assert.ok(requests.every((line) => line.includes('-H "x-api-key: $KEY"')))
  assert.match(lines[lines.indexOf(requests[0] ?? '') - 1] ?? '', /KEY=\$\(market-data keys create --scope write\)/)
  assert.doesNotMatch(startBanner(STATUS), /KEY/)
})

test('the start banner lists the addresses for other machines below the one for this machine', () => {
  const text = startBanner({ ...STATUS, otherUrls: ['http://192.168.1.7:8000', 'http://[2001:db8::7]:8000'] })
  assert.match(
    text,
    /Service +http:\/\/127\.0\.0\.1:8000\n +http:\/\/192\.168\.1\.7:8000 .*\n +http:\/\/\[2001:db8::7\]:8000 /,
  )
})
