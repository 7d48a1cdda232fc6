import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createShell } from '../support/shell.ts'

// The first half hour of somebody who found the project, in the order in which the README leads through it.

const README = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8')

/** What `yfinance` 0.2 writes: `yf.download("AAPL").to_csv("aapl.csv")`. One day is in winter, one in summer. */
const YFINANCE_CSV = `Date,Open,High,Low,Close,Adj Close,Volume
2024-01-16,182.160004,184.259995,180.929993,183.630005,182.680008,65603000
2024-07-01,212.089996,217.509995,211.919998,216.750000,215.910004,60402900
`

const IMPORT = 'bin/market-data import aapl.csv --preset yfinance --symbol AAPL --timezone America/New_York --at 16:00'
const EXPORT = 'bin/market-data history AAPL --provider import --csv'

test('from the clone to the own prices: start, page, docs, the requests of the README, a CSV of yfinance in, out, and in again', async (t) => {
  const shell = await createShell(t)
  const banner = await shell.run('npm start')
  const page = /Dashboard +(http\S+)/.exec(banner)?.[1] ?? ''
  const docs = /Docs +(http\S+)/.exec(banner)?.[1] ?? ''
  for (const address of [page, docs]) await assertOpens(address)

  const curls = [...README.matchAll(/^```sh\n(curl .*?)^```$/gms)].map(([, text = '']) => text)
  assert.equal(curls.length, 3)
  for (const curl of curls) assert.match(await shell.run(curl), /"symbol":"(?:AAPL|ETH-USD)"|ETH-USD/)

  await shell.run(`cat > aapl.csv <<'END'\n${YFINANCE_CSV}END`)
  assert.match(await shell.run(IMPORT), /: 2 rows, 2 new/)
  const exported = await shell.run(`${EXPORT} | tee own.csv`)
  assert.deepEqual(pricesOf(exported), [
    '2024-01-16T21:00:00.000000Z 183.630005',
    '2024-07-01T20:00:00.000000Z 216.750000',
  ])

  const again = await shell.run('bin/market-data import own.csv')
  assert.match(again, /: 2 rows, 0 new, 0 corrected, 2 (?:unchanged|already imported)/)
  assert.match(await shell.run(IMPORT), /: 2 rows, 0 new/)
  const url = `'http://127.0.0.1:8000/prices/history?symbol=AAPL&provider=import&format=csv'`
  assert.equal(await shell.run(`curl -s ${url}`), exported)
})

/** The document and everything that it loads. */
async function assertOpens(address: string): Promise<void> {
  const response = await fetch(address)
  assert.equal(response.status, 200, address)
  const html = await response.text()
  const loaded = [...html.matchAll(/(?:src|href)="([^"#]+\.(?:js|css|svg))"/g)].map(([, path = '']) => path)
  assert.ok(loaded.length > 0, `${address} loads nothing`)
  for (const path of loaded) assert.equal((await fetch(new URL(path, response.url))).status, 200, path)
}

/** Time and price of each line, in the order of time. */
function pricesOf(csv: string): string[] {
  const [header = '', ...lines] = csv.trimEnd().split('\n')
  const names = header.split(',')
  const [time, price] = [names.indexOf('timestamp'), names.indexOf('price')]
  return lines.map((line) => `${line.split(',')[time]} ${line.split(',')[price]}`).toSorted()
}
