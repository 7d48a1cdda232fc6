import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type pg from 'pg'
import type { ReadLog } from '../../../src/core/log/entry.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createReadLog } from '../../../src/postgres/log/log.ts'
import { openStream } from '../../support/price-stream.ts'
import { createHttpService } from '../../support/http-service.ts'
import { until } from '../../support/until.ts'

test('an event has the members of a price event in order, the exact price, and a position as its id', async (t) => {
  const { listen, store } = await createHttpService(t)
  const stream = await openStream(t, `${await listen()}/prices/stream`)
  assert.equal(stream.response.headers['content-type'], 'text/event-stream')
  await store({ price: '123456789.123456789012', time: '2025-06-15T20:30:27.283671Z' })
  await stream.until(1)
  const [event] = stream.prices
  assert.equal(event?.event, 'price')
  assert.match(event?.id ?? '', /^1-\d+-1$/)
  assert.equal(
    event?.data,
    '{"symbol":"AAPL","price":123456789.123456789012,"timestamp":"2025-06-15T20:30:27.283671Z","provider":"scripted","raw_response_id":"1","price_id":"1","currency":"USD"}',
  )
})

test('a stream starts with the next price, and one that breaks before the first price resumes where it began', async (t) => {
  const { listen, store } = await createHttpService(t)
  const url = `${await listen()}/prices/stream`
  await store({ price: '1' })
  const first = await openStream(t, url)
  while (first.lastEventId() === undefined) await wait(5)
  first.cut()
  await store({ price: '2' }, { price: '3' })
  const second = await openStream(t, url, first.lastEventId())
  await second.until(2)
  assert.deepEqual(idsOf(second.prices), ['2', '3'])
})

test('a stream resumes even if every price up to its position was trimmed, and never at a position ahead of the log', async (t) => {
  const { ask, listen, pool, store } = await createHttpService(t)
  const url = `${await listen()}/prices/stream`
  await store({ price: '1' })
  const first = await openStream(t, url)
  while (first.lastEventId() === undefined) await wait(5)
  first.cut()
  await pool.query('delete from prices')
  const second = await openStream(t, url, first.lastEventId())
  assert.equal(second.response.statusCode, 200)
  await store({ price: '2' })
  await second.until(1)
  assert.deepEqual(idsOf(second.prices), ['2'])
  const refused = await ask('/prices/stream', { headers: { 'last-event-id': 'yesterday' } })
  assert.equal(refused.status, 422)
  assert.match(refused.json().detail, /must be the id of an event of this stream, such as 1-792-32/)
})

test('a position of another life of the database gets the event reset, and the stream continues from the end of the log', async (t) => {
  const { listen, store } = await createHttpService(t)
  const url = `${await listen()}/prices/stream`
  await store({ price: '1' })
  for (const [n, position] of ['1-18446744073709551615-1', '2-0-0', '1-18446744073709551616-0'].entries()) {
    const stream = await openStream(t, url, position)
    await stream.until(1)
    assert.equal(stream.response.statusCode, 200)
    await store({ price: `${n + 2}`, time: `2025-01-01T00:00:0${n + 2}Z` })
    await stream.until(2)
    const [reset, price] = stream.prices
    assert.equal(reset?.event, 'reset')
    assert.match(JSON.parse(reset?.data ?? '').reason, /not a position in this log/)
    assert.equal(reset?.id, stream.response.headers['last-event-id'])
    assert.deepEqual([price?.event, JSON.parse(price?.data ?? '').price], ['price', n + 2])
    stream.cut()
  }
})

test('a client that is no browser gets a blank line only after an event with data, and its position in a header', async (t) => {
  const { listen, store } = await createHttpService(t, { streams: { clock: { ...systemClock, now: fastNow() } } })
  const url = `${await listen()}/prices/stream?symbols=AAPL`
  const request = get(url, { agent: false })
  t.after(() => request.destroy())
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  let text = ''
  response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await store({ symbol: 'MSFT' })
  await until(() => text.includes(': heartbeat'), 'a heartbeat')
  assert.doesNotMatch(text, /\n\n/)
  await store({ symbol: 'AAPL' })
  await until(() => text.includes('data:'), 'a price')
  const events = text.split('\n\n').slice(0, -1)
  for (const event of events)
    assert.match(event, /^(retry: 1000\n)?(: heartbeat\n)*id: \S+\nevent: price\ndata: \{.*\}$/)
  assert.match(String(response.headers['last-event-id']), /^\d+-\d+-\d+$/)
})

test('the currency is in each event, so that pence are never taken for pounds', async (t) => {
  const { listen, store } = await createHttpService(t)
  const stream = await openStream(t, `${await listen()}/prices/stream`)
  await store({ currency: 'GBp' }, { currency: 'GBP' })
  await stream.until(2)
  assert.deepEqual(
    stream.prices.map(({ data }) => JSON.parse(data ?? '').currency),
    ['GBp', 'GBP'],
  )
})

test('a reader that is disconnected repeatedly misses nothing and sees nothing twice, with concurrent writers', async (t) => {
  const { listen, pool, store } = await createHttpService(t)
  const url = `${await listen()}/prices/stream?symbols=AAPL`
  await store({ price: '1' }, { symbol: 'MSFT', price: '1' })
  const opening = await openStream(t, url)
  while (opening.lastEventId() === undefined) await wait(5)
  opening.cut()
  const writers = Promise.all([1, 2, 3, 4].map((writer) => writeSlowly(pool, writer)))
  const seen: string[] = []
  let last = opening.lastEventId()
  while (seen.length < 400) {
    const stream = await openStream(t, url, last)
    await stream.until(Math.min(37, 400 - seen.length))
    stream.cut()
    seen.push(...idsOf(stream.prices))
    last = stream.prices.at(-1)?.id
  }
  await writers
  const { rows } = await pool.query('select id from prices where series_id = 1 and id > 2')
  assert.deepEqual(
    seen.toSorted((a, b) => Number(a) - Number(b)),
    rows.map((row) => row.id).toSorted((a, b) => Number(a) - Number(b)),
  )
})

test('a stream can be filtered by symbols and provider', async (t) => {
  const { listen, store } = await createHttpService(t)
  const stream = await openStream(t, `${await listen()}/prices/stream?symbols=msft,BRK-B&provider=alias`)
  await store({ symbol: 'AAPL' }, { symbol: 'MSFT' }, { symbol: 'X' }, { symbol: 'BRK.B' })
  await stream.until(2)
  assert.deepEqual(idsOf(stream.prices), ['2', '4'])
})

test('a reader that stops reading costs bounded memory, and has missed nothing when it resumes', async (t) => {
  const { app, listen, pool, store } = await createHttpService(t)
  const sockets: Socket[] = []
  app.server.on('connection', (socket: Socket) => sockets.push(socket))
  const url = `${await listen()}/prices/stream`
  const stream = await openStream(t, url)
  stream.response.pause()
  const other = await openStream(t, url)
  await store({ price: '1' })
  await insertPrices(pool, 40_000)
  await other.until(40_001)
  const [socket] = sockets
  assert.ok(socket)
  // Full: the server has text for this reader that the network no longer takes, while the other reader has everything.
  await until(() => socket.writableNeedDrain, 'the socket is full')
  assert.ok(socket.writableLength < 1024 * 1024, `${socket.writableLength} bytes are waiting`)
  stream.response.resume()
  await stream.until(40_001)
  const ids = idsOf(stream.prices).map(Number)
  assert.equal(new Set(ids).size, 40_001)
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  )
})

test('a thousand live readers share one reader of the log', async (t) => {
  let reads = 0
  let read: ReadLog | undefined
  const service = await createHttpService(t, {
    streams: {
      readLog: (after, limit) => {
        reads += 1
        return (read ??= createReadLog(service.pool))(after, limit)
      },
    },
  })
  const url = `${await service.listen()}/prices/stream`
  const streams = await Promise.all(Array.from({ length: 1_000 }, () => openStream(t, url)))
  reads = 0
  await service.store(...Array.from({ length: 20 }, (_, n) => ({ price: `${n + 1}` })))
  await Promise.all(streams.map((stream) => stream.until(20)))
  assert.ok(reads < 500, `${reads} readings`)
  for (const stream of streams) assert.equal(new Set(idsOf(stream.prices)).size, 20)
})

test('the server closes while streams are open, even if their readers do not read', async (t) => {
  const { app, listen, pool, store } = await createHttpService(t)
  const sockets: Socket[] = []
  app.server.on('connection', (socket: Socket) => sockets.push(socket))
  const url = `${await listen()}/prices/stream`
  const reading = await openStream(t, url)
  const stuck = await openStream(t, url)
  stuck.response.pause()
  await store({ price: '1' })
  await insertPrices(pool, 30_000)
  await reading.until(30_001)
  const ended = once(reading.response, 'end')
  await app.close()
  await ended
  assert.equal(sockets.length, 2)
  assert.ok(sockets.every((socket) => socket.destroyed))
})

test('a stream beyond the limit is refused with the time to retry, and one that closes frees its slot', async (t) => {
  const { listen } = await createHttpService(t, { streams: { streamLimit: 2 } })
  const url = `${await listen()}/prices/stream`
  const [first] = [await openStream(t, url), await openStream(t, url)]
  const refused = await fetch(url)
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '2'])
  assert.equal(((await refused.json()) as { code: string }).code, 'overloaded')
  first.cut()
  let status = 503
  while (status === 503) status = (await openStream(t, url)).response.statusCode ?? 0
  assert.equal(status, 200)
})

/** A clock on which 20 s pass between two looks, so that each wake-up of a silent stream is due a heartbeat. */
function fastNow(): () => number {
  let now = Date.now()
  return () => (now += 20_000)
}

function idsOf(events: readonly { data: string | undefined }[]): string[] {
  return events.map(({ data }) => JSON.parse(data ?? '{}').price_id)
}

const INSERT = `
  insert into prices (series_id, event_time, revision, late, price, received_at, raw_response_id, epoch)
  select 1, timestamptz '2025-01-01Z' + ($1::integer + n) * interval '1 s', 1, false, n, now(), 1, 1
    from generate_series(1, $2::integer) as n`

async function insertPrices(pool: pg.Pool, count: number): Promise<void> {
  await pool.query(INSERT, [0, count])
}

/** A hundred prices in transactions that overlap those of other writers and commit in a different order than they began. */
async function writeSlowly(pool: pg.Pool, writer: number): Promise<void> {
  for (let n = 0; n < 10; n += 1) {
    const client = await pool.connect()
    await client.query('begin')
    await client.query(INSERT, [writer * 100_000 + n * 100, 10])
    await wait((writer * 7 + n * 3) % 20)
    await client.query('commit')
    client.release()
  }
}
