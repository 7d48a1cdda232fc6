import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { Output } from '../../../src/cli/terminal/output.ts'
import { watchPrices, type PriceFeed, type WatchOptions } from '../../../src/cli/prices/watch.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { Decimal } from '../../../src/lib/decimal.ts'
import { instantFromMillis } from '../../../src/lib/instant.ts'
import type { LogEntry } from '../../../src/core/log/entry.ts'
import { LOG_START } from '../../../src/core/log/position.ts'
import { createDataDir, LAUNCHER, runCommand, spawnCommand, startService } from '../../support/service-process.ts'
import { until } from '../../support/until.ts'

test('watch shows the prices that another process stores, and continues when the service is replaced by another', async (t) => {
  const dataDir = createDataDir()
  const lines = startWatch(t, ['AAPL', 'MSFT'], dataDir)
  const json = startWatch(t, ['AAPL', '--json', '--provider', 'simulated'], dataDir)
  await until(() => lines.stderr() !== '', 'the message')
  assert.equal(lines.stderr(), 'market-data: No service is running: start one to receive prices.\n')

  const service = await startService(t, { dataDir })
  await until(() => showsPrices(lines, 1, dataDir), 'the first price')
  await until(() => json.stdout() !== '', 'the price as JSON')
  await service.stop()
  await until(
    () => /Waiting for the database|No service is running.*\n.*No service is running/s.test(lines.stderr()),
    'the message',
  )
  await startService(t, { dataDir })
  await until(() => showsPrices(lines, 2, dataDir), 'the price after that')

  for (const line of lines.stdout().trim().split('\n')) {
    assert.match(line, /^\d{4}-\d{2}-\d{2}T\d\d:\d\d:\d\d\.\d{6}Z {2}AAPL {2}\d+\.\d{2} {2}USD {2}simulated$/)
  }
  for (const line of json.stdout().trim().split('\n')) {
    const event = JSON.parse(line) as object
    const members = ['symbol', 'price', 'timestamp', 'provider', 'raw_response_id', 'price_id', 'currency']
    assert.deepEqual(Object.keys(event), members)
  }
  for (const { child, exited } of [lines, json]) {
    child.kill('SIGTERM')
    assert.equal(await exited, 0)
  }
})

test('on a terminal, watch updates one line for each symbol in place, and never exceeds the size of the terminal', async (t) => {
  const feed = createFeed()
  const screen = createScreen({ columns: 30, rows: 3 })
  const stopping = new AbortController()
  t.after(() => stopping.abort())
  const options: WatchOptions = { symbols: ['AAPL', 'MSFT', 'TSLA'] }
  const join = () => Promise.resolve(feed)
  const needs = { join, output: screen.output, clock: systemClock, signal: stopping.signal }
  const watching = watchPrices(needs, options)

  await until(() => screen.lines().length > 0, 'the first table')
  assert.deepEqual(screen.lines(), ['AAPL    no price yet', 'MSFT    no price yet'])
  feed.add('AAPL', '196.45')
  feed.add('GOOG', '1')
  await until(() => screen.lines()[0]?.includes('196.45'), 'the price')
  feed.add('AAPL', '196.46')
  await until(() => screen.lines()[0]?.includes('196.46'), 'the next price')
  // A correction of an older time is a log entry, but not the newest price.
  feed.add('AAPL', '100', { ageMs: 60_000 })
  feed.add('MSFT', '475.12')
  await until(() => screen.lines()[1]?.includes('475.12'), 'the other price')
  const [first, second, ...rest] = screen.lines()
  assert.match(first ?? '', /^AAPL {2}▲ {2}196\.46 USD {2,}\d s ago/)
  assert.match(second ?? '', /^MSFT {5}475\.12 USD/)
  assert.deepEqual(rest, [])
  assert.ok(screen.lines().every((line) => line.length <= 30))
  stopping.abort()
  await watching
})

test('watch says once, on stderr, which symbols no job fetches or whose job is paused', async () => {
  const reports: string[] = []
  const feed = createFeed()
  const jobs = [
    { symbol: 'AAPL', provider: 'yfinance', status: 'active' },
    { symbol: 'MSFT', provider: 'simulated', status: 'paused' },
    { symbol: 'TSLA', provider: 'simulated', status: 'failing' },
  ] as const
  const screen = createScreen({ columns: 80, rows: 24 })
  const output = {
    ...screen.output,
    isTerminal: false,
    write: () => Promise.resolve(),
    report: (message: string) => void reports.push(message),
  }
  const join = () => Promise.resolve({ ...feed, readJobs: () => Promise.resolve(jobs) })
  const watch = async (options: WatchOptions) => {
    const signal = AbortSignal.timeout(300)
    await watchPrices({ join, output, clock: systemClock, signal }, options)
    return reports.splice(0)
  }
  assert.deepEqual(await watch({ symbols: ['AAPL', 'MSFT', 'TSLA', 'NOSUCH'] }), [
    'The job of MSFT is paused. To resume it: market-data jobs resume MSFT',
    'No job fetches NOSUCH. To create one: market-data jobs add NOSUCH --every 1m',
  ])
  assert.deepEqual(await watch({ symbols: ['AAPL'], provider: 'simulated' }), [
    'No job fetches AAPL from simulated. To create one: market-data jobs add AAPL --every 1m --provider simulated',
  ])
})

function startWatch(t: TestContext, args: readonly string[], dataDir: string) {
  const running = spawnCommand([process.execPath, LAUNCHER, 'watch', ...args], { dataDir })
  t.after(() => running.child.kill('SIGKILL'))
  return running
}

/** Stores prices until watch shows one: it shows only prices stored after it connected. */
async function showsPrices({ stdout }: { stdout: () => string }, count: number, dataDir: string): Promise<boolean> {
  await runCommand(['fetch', 'AAPL', '--provider', 'simulated'], { dataDir })
  return stdout().split('\n').length > count
}

/** The end of a log to which the test adds entries. */
function createFeed(): PriceFeed & { add(symbol: string, price: string, options?: { ageMs: number }): void } {
  let waiting: LogEntry[] = []
  let count = 0
  return {
    readNewest: () => Promise.resolve([]),
    readJobs: () => Promise.resolve([]),
    logEnd: () => Promise.resolve(LOG_START),
    readLog: () => Promise.resolve(waiting.splice(0)),
    add: (symbol, price, { ageMs } = { ageMs: 0 }) => {
      count += 1
      const entry = { symbol, price: price as Decimal, provider: 'simulated', currency: 'USD', seriesId: symbol }
      const eventTime = instantFromMillis(Date.now() - ageMs)
      const position = { epoch: '1', xid: '1', id: String(count) }
      waiting = [
        ...waiting,
        { ...entry, eventTime, position, priceId: position.id, rawResponseId: '1', correction: false },
      ]
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** A terminal that understands only what watch uses: cursor up, carriage return, and clear below. */
function createScreen(size: { columns: number; rows: number }): { output: Output; lines(): readonly string[] } {
  let lines: string[] = []
  const write = (text: string) => {
    const up = text.startsWith('\u001B[') ? Number.parseInt(text.slice(2), 10) : 0
    assert.ok(text.includes('\r\u001B[J'), 'it clears the previous table')
    const kept = lines.slice(0, lines.length - up)
    lines = [...kept, ...stripVTControlCharacters(text).replace('\r', '').split('\n').slice(0, -1)]
    return Promise.resolve()
  }
  const closed = new AbortController().signal
  const output = { write, paint: unpainted, closed, report: assert.fail, isTerminal: true, size: () => size }
  return { output, lines: () => lines }
}

function unpainted(_style: string, text: string): string {
  return text
}
