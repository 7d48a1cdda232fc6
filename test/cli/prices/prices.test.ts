import assert from 'node:assert/strict'
import test from 'node:test'
import { createDataDir, LAUNCHER, runCommand, spawnCommand, startService } from '../../support/service-process.ts'
import { createYahooFake, yahooQuote } from '../../support/yahoo-fake.ts'

const LONG_PRICE = '123456789.123456789012'

test('without a service, fetch stores prices in the embedded database, and history prints them digit for digit', async (t) => {
  const fake = await createYahooFake(t)
  fake.quote('AAPL', yahooQuote('AAPL', LONG_PRICE))
  fake.quote('MSFT', yahooQuote('MSFT', '475.12'))
  const installation = { dataDir: createDataDir(), env: { YFINANCE_BASE_URL: fake.url } }

  const fetched = await runCommand(['fetch', 'aapl,MSFT', 'AAPL'], installation)
  assert.deepEqual(fetched, {
    code: 0,
    stdout:
      `AAPL  ${LONG_PRICE} USD  2025-06-15T20:30:27.000000Z  yfinance  recorded\n` +
      'MSFT  475.12 USD                  2025-06-15T20:30:27.000000Z  yfinance  recorded\n',
    stderr: '',
  })

  const [lines, json, csv, none, elsewhere] = [
    await runCommand(['history', 'AAPL'], installation),
    await runCommand(['history', 'AAPL', '--provider', 'yahoo', '--json'], installation),
    await runCommand(['history', 'AAPL', '--from', '2025-06-15', '--to', '2025-06-16', '--csv'], installation),
    await runCommand(['history', 'AAPL', '--to', '2025-06-15'], installation),
    await runCommand(['history', 'AAPL', '--provider', 'simulated'], installation),
  ]
  assert.equal(lines.stdout, `2025-06-15T20:30:27.000000Z  ${LONG_PRICE} USD\n`)
  const [price] = (JSON.parse(json.stdout) as { data: { price_id: string; correction: boolean }[] }).data
  assert.deepEqual([price?.price_id, price?.correction], ['1', false])
  assert.ok(json.stdout.includes(`"price":${LONG_PRICE},`))
  const [head, row, end] = csv.stdout.split('\n')
  assert.match(head ?? '', /^symbol,provider,price_id,timestamp,price,currency,/)
  assert.match(row ?? '', new RegExp(`^AAPL,yfinance,1,2025-06-15T20:30:27.000000Z,${LONG_PRICE},USD,.*,1,false$`))
  assert.equal(end, '')
  assert.equal(none.stderr, 'market-data: No prices of AAPL from yfinance in this time range.\n')
  const message = 'No prices of AAPL from simulated. Prices exist from: --provider yfinance'
  assert.deepEqual(elsewhere, { code: 0, stdout: '', stderr: `market-data: ${message}\n` })

  const impatient = spawnCommand([process.execPath, LAUNCHER, 'history', 'AAPL', '--csv'], installation)
  impatient.child.stdout?.destroy()
  assert.deepEqual(
    [await impatient.exited, impatient.stderr()],
    [0, ''],
    'a reader that leaves (head) is not a failure',
  )
})

test('history of a symbol that nothing has fetched says how to fetch it and exits with 1, in every format', async () => {
  const installation = { dataDir: createDataDir() }
  const message = 'market-data: No prices of NOSUCH are stored. To poll it: market-data jobs add NOSUCH --every 1m\n'
  for (const option of [[], ['--csv'], ['--json'], ['--from', '2025-01-01']]) {
    const { code, stderr } = await runCommand(['history', 'NOSUCH', ...option], installation)
    assert.deepEqual({ code, stderr }, { code: 1, stderr: message })
  }
})

test('beside a service, fetch uses its database; a symbol without a price is a message and exit code 1, and the others are stored', async (t) => {
  const fake = await createYahooFake(t)
  fake.quote('AAPL', yahooQuote('AAPL', '196.45'))
  const env = { YFINANCE_BASE_URL: fake.url }
  const { dataDir, url } = await startService(t, { env })

  const fetched = await runCommand(['fetch', 'NOSUCH', 'AAPL'], { dataDir, env })
  assert.equal(fetched.code, 1)
  assert.match(fetched.stdout, /^AAPL {2}196\.45 USD .*\n$/)
  assert.match(fetched.stderr, /^market-data: NOSUCH: .*\n$/)
  const stored = await fetch(`${url}/prices/history?symbol=AAPL`)
  assert.match(await stored.text(), /"price":196\.45/)

  const asJson = await runCommand(['fetch', 'NOSUCH', 'AAPL', '--json'], { dataDir, env })
  assert.equal(asJson.code, 1)
  const [missing, known] = (JSON.parse(asJson.stdout) as { data: [{ error: { code: string } }, { outcome: string }] })
    .data
  assert.deepEqual([missing.error.code, known.outcome], ['symbol_not_found', 'confirmed'])
})
