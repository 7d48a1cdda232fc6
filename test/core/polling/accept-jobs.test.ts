import assert from 'node:assert/strict'
import test from 'node:test'
import { ServiceError, type ErrorCode } from '../../../src/errors.ts'
import { createAcceptJobs, unknownSymbols } from '../../../src/core/polling/accept-jobs.ts'
import type { CreateJob, Job } from '../../../src/core/polling/job.ts'
import type { QuoteProvider, StoredPrice } from '../../../src/core/prices/quote.ts'
import { createVirtualClock } from './virtual-clock.ts'

const APPLE = { symbol: 'AAPL', providerSymbol: 'AAPL', name: 'Apple Inc.', exchange: 'NMS', kind: 'equity' }

/** A provider that refuses some symbols, and jobs in memory. */
function createHarness({ refuses = {}, takesMs = 0 }: { refuses?: Record<string, ErrorCode>; takesMs?: number }) {
  const clock = createVirtualClock(Date.parse('2026-03-02T12:00:00Z'), () => true)
  const asked: (readonly string[])[] = []
  const created: CreateJob[] = []
  const jobs = new Map<string, Job>()
  const { signal } = new AbortController()
  const searched: string[] = []
  const provider = {
    name: 'yfinance',
    advisedIntervalSeconds: 15,
    searchSymbols: async (query) => {
      searched.push(query)
      return [APPLE, { ...APPLE, symbol: query }]
    },
  } as Partial<QuoteProvider> as QuoteProvider
  const acceptJobs = createAcceptJobs({
    clock,
    signal,
    ingest: async (_provider, symbols, aborted) => {
      asked.push(symbols)
      if (takesMs > 0) await clock.sleep(takesMs, aborted)
      if (aborted.aborted) throw new ServiceError('provider_unavailable', 'Cut off.')
      return symbols.map((symbol) => {
        const code = refuses[symbol]
        if (code) return { symbol, error: new ServiceError(code, 'Because.') }
        const price = { priceId: '17', marketState: 'open', delaySeconds: 0 } as StoredPrice
        return { symbol, outcome: 'recorded', price, replySha256: '5a' }
      })
    },
    jobs: {
      ofSymbols: async (_provider, symbols) => symbols.flatMap((symbol) => jobs.get(symbol) ?? []),
      create: async (request) => {
        created.push(request)
        const { intervalSeconds, marketHours = 'always' } = request
        const made = request.symbols.map((symbol) => ({ symbol, intervalSeconds, marketHours }) as Job)
        for (const job of made) jobs.set(job.symbol, job)
        return made
      },
    },
  })
  const accept = (symbols: readonly string[], change: Partial<CreateJob> = {}) =>
    acceptJobs(provider, { symbols, intervalSeconds: 60, ...change })
  return { accept, acceptJobs, provider, clock, asked, created, searched }
}

test('a new symbol is asked for once, and what came is kept for the first run; an existing job is not asked for', async () => {
  const { accept, asked, created } = createHarness({})
  const first = await accept(['AAPL', 'MSFT'])
  assert.deepEqual(
    [first.jobs.map(({ symbol }) => symbol), first.replaced, first.refused, first.warnings],
    [['AAPL', 'MSFT'], [], [], []],
  )
  assert.deepEqual([created[0]?.checked?.size, created[0]?.checked?.get('AAPL')?.priceId], [2, '17'])
  await accept(['MSFT', 'TSLA'])
  assert.deepEqual(asked, [['AAPL', 'MSFT'], ['TSLA']])
})

test('of several symbols the known are accepted, and the unknown are refused with suggestions', async () => {
  const { accept, created } = createHarness({ refuses: { APPLE: 'symbol_not_found', OLD: 'symbol_delisted' } })
  const { jobs, refused } = await accept(['APPLE', 'MSFT', 'OLD'])
  assert.deepEqual([jobs.map(({ symbol }) => symbol), created[0]?.symbols], [['MSFT'], ['MSFT']])
  assert.deepEqual(
    refused.map(({ symbol, error, suggestions }) => [symbol, error.code, suggestions.map((one) => one.symbol)]),
    [
      ['APPLE', 'symbol_not_found', ['AAPL']],
      ['OLD', 'symbol_delisted', ['AAPL']],
    ],
  )
})

test('if no symbol is known, no job is created, and the error names what was meant', async () => {
  const { accept, created } = createHarness({ refuses: { APPLE: 'symbol_not_found' } })
  const { jobs, refused } = await accept(['APPLE'])
  assert.deepEqual([jobs, created], [[], []])
  const error = unknownSymbols('yfinance', refused)
  assert.deepEqual(
    [error.code, error.message],
    ['symbol_not_found', 'yfinance does not know APPLE. Similar: AAPL (Apple Inc.).'],
  )
})

test('a provider that fails in any other way refuses nothing: the job is accepted with a warning', async () => {
  for (const code of ['provider_unavailable', 'provider_rate_limited', 'provider_bad_data', 'no_price'] as const) {
    const { accept } = createHarness({ refuses: { AAPL: code } })
    const { jobs, refused, warnings } = await accept(['AAPL'])
    assert.deepEqual([jobs.length, refused, warnings.length], [1, [], 1], code)
    assert.match(warnings[0] ?? '', /^yfinance did not confirm AAPL: Because\./)
  }
})

test('a provider that takes longer than 3 s is not waited for, and its request ends', async () => {
  const { accept, clock, created } = createHarness({ takesMs: 60_000 })
  const accepting = accept(['AAPL'])
  await clock.advance(2_999)
  assert.equal(created.length, 0)
  await clock.advance(1)
  const { jobs, warnings } = await accepting
  assert.deepEqual([jobs.length, created[0]?.checked?.size], [1, 0])
  assert.match(warnings[0] ?? '', /no answer within 3 s/)
})

test('a replaced interval, or other market hours, are reported; the same again are not', async () => {
  const { accept } = createHarness({})
  await accept(['AAPL', 'MSFT'])
  assert.deepEqual((await accept(['AAPL', 'TSLA'], { intervalSeconds: 30 })).replaced, ['AAPL'])
  assert.deepEqual((await accept(['MSFT'])).replaced, [])
  assert.deepEqual((await accept(['MSFT'], { marketHours: 'regular' })).replaced, ['MSFT'])
})

test('a hundred unknown symbols cause only a few searches', async () => {
  const symbols = Array.from({ length: 100 }, (_, n) => `NO${n}`)
  const refuses = Object.fromEntries(symbols.map((symbol) => [symbol, 'symbol_not_found' as const]))
  const { accept, searched } = createHarness({ refuses })
  assert.equal((await accept(symbols)).refused.length, 100)
  assert.equal(searched.length, 5)
})

test('prices from files cannot be polled, and the error says what to do', async () => {
  const { acceptJobs, provider } = createHarness({})
  await assert.rejects(
    acceptJobs({ ...provider, name: 'import', canBePolled: false }, { symbols: ['AAPL'], intervalSeconds: 60 }),
    { code: 'invalid_request', message: /come from files.*import a newer file/ },
  )
})
