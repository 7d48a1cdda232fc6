import assert from 'node:assert/strict'
import { once } from 'node:events'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { createPool } from '../../../src/postgres/connection/pool.ts'
import { createDatabaseConnection, urlOf } from '../../support/database.ts'
import { CSV_HEADER, priceLines } from '../../support/price-csv.ts'
import { createFolder, runCommand, spawnCommand, LAUNCHER } from '../../support/service-process.ts'
import { until } from '../../support/until.ts'

/** A database for this test, and a file with these lines. */
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
    /** What `sh` makes of a command line in which `import` is ours. */
    shell: async (line: string) => {
      const command = line.replaceAll('import ', `${process.execPath} ${LAUNCHER} import `)
      const { child, stdout, stderr } = spawnCommand(['sh', '-c', command], context)
      await once(child, 'close')
      return { stdout: stdout(), stderr: stderr() }
    },
    start: () => spawnCommand([process.execPath, LAUNCHER, 'import', 'prices.csv'], context),
    verify: () => runCommand(['verify', '--json'], context),
  }
}

test('an import keeps every digit of a price, its provider label, and its source lines', async (t) => {
  const { run, verify, rows } = await createImport(
    t,
    `${CSV_HEADER}aapl,2020-03-09T14:30:00Z,66.1000,USD\r\n\r\nbrk-b,2020-03-09T00:00Z,5e-3,`,
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

test('a file with mistakes is rejected as a whole, and each mistake is reported with its line', async (t) => {
  const { run, rows } = await createImport(
    t,
    `symbol,timestamp,price,currency,provider
AAPL,2020-03-09T00:00Z,66.1,,
AAPL,yesterday,66.1,,

"AAPL,2020-03-09T00:00Z,66.1,,
AAPL,2020-03-09T00:00Z,-1,,
AAPL,2099-01-01T00:00Z,66.1,,
AA PL,2020-03-09T00:00Z,66.1,,
AAPL,2020-03-09T00:00Z,66.1,,Börse
AAPL,2020-03-09T00:00Z,1,234.50,USD,
AAPL,2020-03-09T00:00Z,1,234.50,`,
  )
  const { code, stdout, stderr } = await run()
  assert.deepEqual([code, stdout], [1, ''])
  assert.deepEqual(
    [...stderr.matchAll(/line (\d+): (.*)/g)].map(([, line, why = '']) => `${line} ${why}`),
    [
      '3 not a time: "yesterday"',
      '5 not a CSV line with as many fields as the header',
      '6 price -1 is not above zero',
      '7 the time 2099-01-01T00:00:00Z is in the future',
      '8 not a symbol: "AA PL"',
      '9 not a valid provider name: Börse',
      '10 not a CSV line with as many fields as the header',
      '11 not a currency of three letters: "234.50"',
    ],
  )
  assert.deepEqual(await rows('select count(*)::int from prices'), [[0]])
})

test('a missing column and an empty file are reported', async (t) => {
  const { run, file } = await createImport(t, 'symbol,price\nAAPL,1\n')
  assert.match((await run()).stderr, /line 1: the header has no timestamp/)
  writeFileSync(file, '')
  assert.match((await run()).stderr, /it is empty/)
})

test('rows can name their provider, and none is stored under the name of a built-in provider', async (t) => {
  const { run, rows } = await createImport(
    t,
    'symbol,timestamp,price,provider\nAAPL,2020-03-09T00:00Z,1,yfinance\nAAPL,2020-03-09T00:00Z,2,\nAAPL,2020-03-10T00:00Z,3,import-own\n',
  )
  assert.equal((await run()).code, 0)
  assert.deepEqual(await rows('select provider, price from price_history order by price'), [
    ['import-yfinance', '1'],
    ['import', '2'],
    ['import-own', '3'],
  ])
})

test('importing a file again stores nothing, even if it corrects itself; if it has grown, only the new rows are stored', async (t) => {
  const { file, run, rows } = await createImport(t, CSV_HEADER + priceLines(2_500))
  const counts = () => rows('select count(*)::int from prices union all select count(*)::int from raw_responses')
  const first = JSON.parse((await run()).stdout)
  assert.equal(first.recorded + first.corrected, 2_500)
  assert.ok(first.corrected > 0)
  const before = await counts()
  assert.equal(JSON.parse((await run()).stdout).skipped, 2_500)
  assert.deepEqual(await counts(), before)
  appendFileSync(file, 'MSFT,2024-02-01T00:00:00Z,77,USD\n')
  const { lines, skipped, recorded } = JSON.parse((await run()).stdout)
  assert.deepEqual([lines, skipped, recorded], [2_501, 2_500, 1])
})

test('a line with a time in the year 0 keeps everything of its file out, however many lines are before it', async (t) => {
  const { run, rows, file } = await createImport(t, CSV_HEADER + priceLines(1_049))
  appendFileSync(file, `AAPL,0000-06-01T00:00:00Z,1,USD\n${priceLines(50, 1_049)}`)
  const { code, stderr } = await run()
  assert.equal(code, 1)
  assert.match(stderr, /line 1051: not a time: "0000-06-01T00:00:00Z"/)
  assert.deepEqual(await rows('select count(*)::int from raw_responses'), [[0]])
})

test('whatever the database would refuse in a late line keeps everything of its file out, and the line is named', async (t) => {
  const { run, rows, file } = await createImport(t, '')
  const before = CSV_HEADER + priceLines(1_049)
  const lines = {
    'AAPL,9999-12-31T23:59:59-01:00,1,USD': /line 1051: not a time/,
    'AAPL,2024-06-01T00:00:00Z,1e15,USD': /line 1051: price 1e15 /,
    'AAPL,2024-06-01T00:00:00Z,1,U\0D': /line 1051: not a currency/,
  }
  for (const [line, mistake] of Object.entries(lines)) {
    writeFileSync(file, `${before}${line}\n${priceLines(50, 1_049)}`)
    const { code, stderr } = await run()
    assert.equal(code, 1, line)
    assert.match(stderr, mistake)
    assert.deepEqual(
      await rows('select count(*)::int from raw_responses union all select count(*)::int from imports'),
      [[0], [0]],
    )
  }
})

test('kill -9 while a file with a mistake is imported leaves nothing of it', async (t) => {
  const { start, run, rows } = await createImport(t, `${CSV_HEADER}${priceLines(20_000)}AAPL,yesterday,1,USD\n`)
  const { child, exited } = start()
  const connections =
    'select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()'
  await until(async () => Number((await rows(connections))[0]?.[0]) > 0, 'the import has begun')
  child.kill('SIGKILL')
  await exited
  assert.deepEqual(await rows('select count(*)::int from raw_responses union all select count(*)::int from imports'), [
    [0],
    [0],
  ])
  assert.match((await run()).stderr, /line 20002: not a time: "yesterday"/)
  assert.deepEqual(await rows('select count(*)::int from raw_responses'), [[0]])
})

test('bad lines are left out on request, counted and listed, and what is stored verifies', async (t) => {
  const text =
    'Date,Open,High,Low,Close,Adj Close,Volume\n2021-05-12,1,1,1,0.42,1,1\n2021-05-13,null,null,null,null,null,null\n'
  const { run, rows, verify, shell } = await createImport(t, `${text}Total,,,,,,\n`)
  const options = ['--symbol', 'DOGE-USD', '--timezone', 'UTC', '--at', '23:59']
  assert.match(
    (await run(...options)).stderr,
    /line 3: not a price: "null"\n.*line 4: not a time.*\n.*--skip-bad-lines/,
  )
  assert.deepEqual(await rows('select count(*)::int from prices'), [[0]])
  const { stdout } = await run(...options, '--skip-bad-lines')
  const { recorded, bad, bad_lines, read_as } = JSON.parse(stdout)
  assert.deepEqual([recorded, bad, bad_lines.map(({ line }: { line: number }) => line)], [1, 2, [3, 4]])
  assert.equal(read_as, '--symbol DOGE-USD --timezone UTC --at 23:59:00 --preset yahoo-history')
  assert.deepEqual(await rows('select symbol, event_time::text from price_history'), [
    ['DOGE-USD', '2021-05-12 23:59:00+00'],
  ])
  assert.equal(JSON.parse((await verify()).stdout).difference_count, 0)
  assert.equal(JSON.parse((await run(...options)).stdout).skipped, 3)
  const plain = await shell(`import prices.csv ${options.join(' ')} --skip-bad-lines --provider again`)
  assert.match(plain.stdout, /^Read as .*--preset yahoo-history\.\nImported .*: 3 rows, .*2 left out\.\n {2}line 3: /s)
})

test('stdin, a pipe and a packed file are imported as the file that they contain, and skipped when they come again', async (t) => {
  const { shell, rows } = await createImport(t, CSV_HEADER + priceLines(1))
  const first = await shell('import - --json < prices.csv')
  assert.deepEqual([JSON.parse(first.stdout).file, JSON.parse(first.stdout).recorded], ['stdin', 1])
  for (const line of [
    'cat prices.csv | import /dev/stdin --json',
    'gzip -k prices.csv; import prices.csv.gz --json',
    'mkfifo pipe; (cat prices.csv.gz > pipe &); import pipe --json',
  ]) {
    const { stdout } = await shell(line)
    assert.equal(JSON.parse(stdout).skipped, 1, line)
  }
  assert.deepEqual(await rows('select count(*)::int from prices'), [[1]])
  assert.match((await shell('import nosuch.csv')).stderr, /there is no file nosuch\.csv\.$/m)
})

test('the same lines with another symbol are other prices, not lines that were imported already', async (t) => {
  const { run, rows } = await createImport(t, 'timestamp,price\n2024-01-15T21:00:00Z,1\n')
  for (const symbol of ['AAPL', 'MSFT']) assert.equal(JSON.parse((await run('--symbol', symbol)).stdout).recorded, 1)
  assert.deepEqual(await rows('select symbol from price_history order by 1'), [['AAPL'], ['MSFT']])
})

test('what history exports is imported unchanged, and changes nothing when it is imported again', async (t) => {
  const header =
    'symbol,provider,price_id,timestamp,price,currency,received_at,recorded_at,raw_response_id,revision,correction'
  const rest = '2024-01-02T14:30:01.000000Z,2024-01-02T14:30:01.000000Z,3,1,false'
  const line = (at: string, price: string, currency: string) => `AAPL,yfinance,7,${at},${price},${currency},${rest}\n`
  const text =
    line('2024-01-02T14:30:00.283671Z', '185.920', 'USD') +
    line('2024-01-02T14:29:00.000000Z', '185.9', '') +
    line('2024-01-02T14:28:00.000000Z', '185.8', '"US,DT"')
  const { run, rows, file } = await createImport(t, `${header}\n${text}`)
  assert.deepEqual(JSON.parse((await run()).stdout).provider, 'import-yfinance')
  const stored = [
    ['import-yfinance', '185.8', 'US,DT'],
    ['import-yfinance', '185.9', null],
    ['import-yfinance', '185.920', 'USD'],
  ]
  assert.deepEqual(await rows('select provider, price, currency from price_history order by event_time'), stored)
  writeFileSync(file, `${header}\n${text.replaceAll('yfinance', 'import-yfinance')}`)
  assert.equal(JSON.parse((await run()).stdout).confirmed, 3)
  const named = JSON.parse((await run('--provider', 'broker')).stdout)
  assert.deepEqual([named.provider, named.recorded], ['import-broker', 3])
})

test('an import that was stopped by kill -9 resumes, and stores nothing twice', async (t) => {
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
