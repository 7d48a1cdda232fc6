import assert from 'node:assert/strict'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { createDatabaseConnection, urlOf } from '../../support/database.ts'
import { CSV_HEADER, priceLines } from '../../support/price-csv.ts'
import { createFolder, runCommand, spawnCommand, LAUNCHER } from '../../support/service-process.ts'
import { until } from '../../support/until.ts'

/** A database of its own, and a file with these lines. */
async function createImport(t: TestContext, text: string) {
  const connection = await createDatabaseConnection(t)
  const pool = createPool(connection, { size: 2, onError: () => {} })
  t.after(() => pool.end())
  const folder = createFolder()
  const file = join(folder, 'prices.csv')
  writeFileSync(file, text)
  const context = { env: { DATABASE_URL: urlOf(connection) }, cwd: folder }
  const rows = async (statement: string) => (await pool.query({ text: statement, rowMode: 'array' })).rows
  return {
    file,
    pool,
    rows,
    run: (...args: string[]) => runCommand(['import', 'prices.csv', '--json', ...args], context),
    start: () => spawnCommand([process.execPath, LAUNCHER, 'import', 'prices.csv'], context),
    verify: () => runCommand(['verify', '--json'], context),
  }
}

test('every digit of a price comes in, labelled, with the lines that brought it', async (t) => {
  const { run, verify, rows } = await createImport(
    t,
    `${CSV_HEADER}aapl,2020-03-09T14:30:00Z,66.1000,USD\r\n\r\nbrk-b,2020-03-09,5e-3,`,
  )
  const { code, stdout } = await run('--provider', 'broker')
  assert.equal(code, 0)
  assert.deepEqual(JSON.parse(stdout), {
    file: 'prices.csv',
    provider: 'import-broker',
    lines: 2,
    skipped: 0,
    recorded: 2,
    corrected: 0,
    confirmed: 0,
    outdated: 0,
  })
  assert.deepEqual(await rows('select symbol, currency, price from price_history order by symbol'), [
    ['AAPL', 'USD', '66.1000'],
    ['BRK.B', null, '0.005'],
  ])
  assert.deepEqual(await rows('select request from raw_responses'), [['import prices.csv']])
  assert.equal(JSON.parse((await verify()).stdout).difference_count, 0)
})

test('a file with mistakes is refused as a whole, and each mistake is named with its line', async (t) => {
  const { run, rows } = await createImport(
    t,
    `symbol,timestamp,price,currency,provider
AAPL,2020-03-09,66.1,,
AAPL,yesterday,66.1,,

"AAPL,2020-03-09,66.1,,
AAPL,2020-03-09,-1,,
AAPL,2099-01-01,66.1,,
AA PL,2020-03-09,66.1,,
AAPL,2020-03-09,66.1,,Börse
AAPL,2020-03-09,1,234.50,USD,
AAPL,2020-03-09,1,234.50,`,
  )
  const { code, stdout, stderr } = await run()
  assert.deepEqual([code, stdout], [1, ''])
  assert.deepEqual(
    [...stderr.matchAll(/line (\d+): (.*)/g)].map(([, line, why = '']) => `${line} ${why}`),
    [
      '3 not a time: "yesterday"',
      '5 not a CSV line with as many fields as the header',
      '6 import sent a price that is zero, negative or below 1e-18 for AAPL.',
      '7 import sent a time in the future for AAPL.',
      '8 not a symbol: "AA PL"',
      '9 not a valid provider name: Börse',
      '10 not a CSV line with as many fields as the header',
      '11 not a currency of three letters: "234.50"',
    ],
  )
  assert.deepEqual(await rows('select count(*)::int from prices'), [[0]])
})

test('a header without what is needed, and a file that is not there, are told', async (t) => {
  const { run, file } = await createImport(t, 'symbol,price\nAAPL,1\n')
  assert.match((await run()).stderr, /line 1: the header has no timestamp/)
  writeFileSync(file, '')
  assert.match((await run()).stderr, /it is empty/)
})

test('lines may name their providers, and none of them passes for one of ours', async (t) => {
  const { run, rows } = await createImport(
    t,
    'symbol,timestamp,price,provider\nAAPL,2020-03-09,1,yfinance\nAAPL,2020-03-09,2,\nAAPL,2020-03-10,3,import-own\n',
  )
  assert.equal((await run()).code, 0)
  assert.deepEqual(await rows('select provider, price from price_history order by price'), [
    ['import-yfinance', '1'],
    ['import', '2'],
    ['import-own', '3'],
  ])
})

test('the same file twice stores nothing new, also where it corrects itself; one that went on brings only what is new', async (t) => {
  const { file, run, rows } = await createImport(t, CSV_HEADER + priceLines(2_500))
  const counts = () => rows('select count(*)::int from prices union all select count(*)::int from raw_responses')
  const first = JSON.parse((await run()).stdout)
  assert.equal(first.recorded + first.corrected, 2_500)
  assert.ok(first.corrected > 0)
  const before = await counts()
  assert.equal(JSON.parse((await run()).stdout).skipped, 2_500)
  assert.deepEqual(await counts(), before)
  appendFileSync(file, 'MSFT,2024-02-01,77,USD\n')
  const { lines, skipped, recorded } = JSON.parse((await run()).stdout)
  assert.deepEqual([lines, skipped, recorded], [2_501, 2_500, 1])
})

test('an import that is ended by kill -9 goes on where it was, and nothing is in twice', async (t) => {
  const { run, start, verify, pool } = await createImport(t, CSV_HEADER + priceLines(20_000))
  const stored = async () => (await pool.query('select count(*)::int as stored from prices')).rows[0].stored as number
  for (const enough of [1, 9_000]) {
    const { child, exited } = start()
    await until(async () => (await stored()) > enough, `more than ${enough} prices`)
    child.kill('SIGKILL')
    await exited
  }
  const { skipped, lines } = JSON.parse((await run()).stdout)
  assert.ok(skipped >= 9_000 && lines === 20_000)
  assert.equal(await stored(), 20_000)
  const found = JSON.parse((await verify()).stdout)
  assert.deepEqual([found.checked_prices, found.difference_count], [20_000, 0])
})
