import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/lib/clock.ts'
import { createHttpService } from '../../support/http-service.ts'
import { pythonPackages } from '../../support/python-packages.ts'

/** Two much used clients that report an event for each blank line, whether it has data or not. */
const PACKAGES = ['httpx==0.28.1', 'httpx-sse==0.4.3', 'sseclient==0.0.27']

const CLIENTS = {
  'httpx-sse': `
import httpx
from httpx_sse import connect_sse
with httpx.Client(timeout=None) as client, connect_sse(client, "GET", url) as source:
    read(source.iter_sse())`,
  sseclient: `
from sseclient import SSEClient
read(SSEClient(url))`,
}

/** A stream whose clock leaps: every price is a heartbeat for the readers of other symbols. */
function createLeapingService(t: TestContext) {
  let now = 0
  return createHttpService(t, { streams: { clock: { ...systemClock, monotonic: () => (now += 20_000) } } })
}

/** Reads two events, each of which has to be JSON. */
const HEAD = `
import json, sys
url = sys.argv[1]
def read(events):
    seen = []
    for event in events:
        seen.append([event.event, json.loads(event.data)["symbol"]])
        if len(seen) == 2: break
    print(json.dumps(seen), flush=True)
    sys.exit(0)
`

for (const [name, code] of Object.entries(CLIENTS)) {
  test(`${name} gets an event for each price and none besides, whatever else the stream says`, async (t) => {
    const folder = await pythonPackages('sse', PACKAGES)
    if (folder === undefined) return t.skip('no Python, or no way to its packages')
    const { listen, store } = await createLeapingService(t)
    const url = `${await listen()}/prices/stream?symbols=AAPL`
    const client = spawn('python3', ['-c', HEAD + code, url], { env: { ...process.env, PYTHONPATH: folder } })
    t.after(() => client.kill())
    const output = Promise.all([text(client.stdout), text(client.stderr)])
    for (let n = 0; client.exitCode === null && n < 100; n += 1) {
      const time = new Date(Date.UTC(2025, 0, 1, 0, 0, n)).toISOString()
      await store({ symbol: n % 4 === 3 ? 'AAPL' : 'MSFT', price: `${n + 1}`, time })
      await wait(50)
    }
    const [stdout, stderr] = await output
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), [
      ['price', 'AAPL'],
      ['price', 'AAPL'],
    ])
  })
}

// It is not part of this repository.
const SCRIPT = fileURLToPath(new URL('../../../../shared/faults/inputs/sse-phantoms.py', import.meta.url))

/** Runs the script; for it, 40 seconds are over in two. */
const IN_A_HURRY = `
import sys, time
real, start = time.time, time.time()
time.time = lambda: start + (real() - start) * 20
exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"))
`

test(
  'sse-phantoms.py: a stream without prices hands no event to httpx-sse, however many heartbeats it has',
  { skip: !existsSync(SCRIPT) && 'no sse-phantoms.py' },
  async (t) => {
    const folder = await pythonPackages('sse', PACKAGES)
    if (folder === undefined) return t.skip('no Python, or no way to its packages')
    const { listen, store } = await createLeapingService(t)
    const env = { ...process.env, PYTHONPATH: folder, BASE: await listen() }
    const startedAt = Date.now()
    const client = spawn('python3', ['-c', IN_A_HURRY, SCRIPT], { env })
    t.after(() => client.kill())
    const output = Promise.all([text(client.stdout), text(client.stderr)])
    // Once its time is over, the script ends with the next event.
    for (let n = 0; client.exitCode === null && n < 200; n += 1) {
      const isOver = Date.now() - startedAt > 5_000
      await store({
        symbol: isOver ? 'QUIET' : 'MSFT',
        price: '1',
        time: new Date(Date.UTC(2025, 0, 1, 0, 0, n)).toISOString(),
      })
      await wait(50)
    }
    assert.deepEqual(await output, ['OK []\n', ''])
  },
)
