import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { ServiceError } from '../../src/errors.ts'
import { createStoreReply } from '../../src/postgres/ingest/store-reply.ts'
import { instantFromMillis } from '../../src/lib/instant.ts'
import { createHttpService, type HttpService } from '../support/http-service.ts'
import { createScriptedProvider, quoteOf } from '../support/scripted-provider.ts'
import { openPage, skip } from './browser.ts'

test('a link without a provider shows the symbol from the provider that has it', { skip }, async (t) => {
  const { page, address } = await openAt(t, '/?symbol=msft&range=all')
  await shown(page, 'MSFT other')
  await page.waitForURL(`${address}/?symbol=MSFT&provider=other&range=all`)
  // Both have AAPL: the default provider is asked first.
  await page.goto(`${address}/?symbol=AAPL`)
  await shown(page, 'AAPL scripted')
})

test('a link to a symbol without prices says so, keeps its address, and shows no other symbol', { skip }, async (t) => {
  for (const path of ['/?symbol=NOSUCH', '/?symbol=NOSUCH&provider=scripted', '/?symbol=$$$']) {
    const { page, address } = await openAt(t, path)
    const symbol = new URL(address + path).searchParams.get('symbol')
    await page.getByText(`No prices of ${symbol} here. Start a job?`).waitFor()
    assert.equal(await page.title(), `${symbol} · Market data`)
    assert.equal(decodeURIComponent(page.url()), address + path)
    assert.equal(await page.locator('.watchlist [aria-current=true]').count(), 0)
    assert.equal(await page.locator('.chart, .headline').count(), 0)
  }
})

test('a link to a provider without prices of the symbol names the one that has some', { skip }, async (t) => {
  const { page } = await openAt(t, '/?symbol=MSFT&provider=scripted')
  await page.getByText('No prices of MSFT from scripted here.').waitFor()
  await page.getByRole('link', { name: 'MSFT from other' }).click()
  await shown(page, 'MSFT other')
})

test('the job that an unknown link offers is started, and its first price appears', { skip }, async (t) => {
  const { page, service } = await openAt(t, '/?symbol=LATER')
  // A job is accepted without a price only if the provider cannot be asked.
  service.source.fails(new ServiceError('provider_unavailable', 'scripted does not answer.'))
  await page.getByRole('button', { name: 'Start a job' }).click()
  await shown(page, 'LATER scripted')
  await page.locator('.no-data', { hasText: 'No price for LATER yet' }).waitFor()
  await service.store({ symbol: 'LATER', price: '5' })
  await page.locator('.headline .price', { hasText: '5' }).waitFor()
  assert.match(page.url(), /\?symbol=LATER&provider=scripted$/)
})

test('a symbol that is sought in vain is shown as soon as it has a price', { skip }, async (t) => {
  const { page, service } = await openAt(t, '/?symbol=LATER')
  await page.getByText('No prices of LATER here.').waitFor()
  await service.store({ symbol: 'LATER', price: '5' })
  await shown(page, 'LATER scripted')
})

test(
  'a link shows a symbol that is beyond those listed, by whichever spelling of it and of its provider',
  { skip },
  async (t) => {
    const service = await createHttpService(t)
    await service.store({ symbol: 'BRK.B', price: '5' }, { symbol: 'ZZZ', price: '7' })
    const page = await openPage(t)
    // As if the list ended before them.
    await page.route('**/symbols?*', (route) =>
      route.fulfill({ contentType: 'application/json', body: '{"data":[],"next_cursor":null,"next_url":null}' }),
    )
    const address = await service.listen()
    await page.goto(`${address}/?symbol=ZZZ&provider=scripted`)
    await shown(page, 'ZZZ scripted')
    await page.goto(`${address}/?symbol=brk-b&provider=alias`)
    await shown(page, 'BRK.B scripted')
    await service.store({ symbol: 'BRK.B', price: '6' })
    await page.locator('.headline .price', { hasText: '6' }).waitFor()
    assert.equal(service.source.asked.length, 0)
  },
)

test('a link to pence is not a link to pounds, of which there is a price too', { skip }, async (t) => {
  const service = await createHttpService(t)
  await service.store({ symbol: 'USDGBP', price: '0.79' }, { symbol: 'USDGBp=X', price: '79' })
  const page = await openPage(t)
  const address = await service.listen()
  for (const [link, heading] of [
    ['/?symbol=USDGBp%3DX&provider=scripted', 'USDGBp=X scripted'],
    ['/?symbol=USDGBP%3DX', 'USDGBP scripted'],
    ['/?symbol=USDGBp%3DX', 'USDGBp=X scripted'],
  ] as const) {
    await page.goto(address + link)
    await page.locator('.headline h2').waitFor()
    assert.equal(await page.locator('.headline h2').textContent(), heading)
  }
})

test(
  'Back and Forward move between symbols; range and average are in the address and survive a reload',
  { skip },
  async (t) => {
    const { page, address } = await openAt(t, '/')
    await page.locator('.headline').waitFor()
    await page.locator('.watchlist tbody tr', { hasText: 'AAPL scripted' }).click()
    await shown(page, 'AAPL scripted')
    await page.locator('.watchlist tbody tr', { hasText: 'MSFT' }).click()
    await shown(page, 'MSFT other')
    await page.getByLabel('1 d').check()
    await page.getByLabel('Average of').selectOption('3')
    await page.waitForURL(`${address}/?symbol=MSFT&provider=other&range=day&average=3`)
    await page.locator('.watchlist tbody tr', { hasText: 'AAPL other' }).click()
    await shown(page, 'AAPL other')
    await page.goBack()
    await shown(page, 'MSFT other')
    await page.reload()
    await shown(page, 'MSFT other')
    assert.equal(await page.getByLabel('1 d').isChecked(), true)
    assert.equal(await page.getByLabel('Average of').inputValue(), '3')
    await page.goBack()
    await shown(page, 'AAPL scripted')
    assert.equal(page.url(), `${address}/?symbol=AAPL&provider=scripted`)
    await page.goForward()
    await shown(page, 'MSFT other')
  },
)

test('an average that the service does not compute is said to be missing', { skip }, async (t) => {
  const { page } = await openAt(t, '/?symbol=AAPL&provider=scripted&average=77')
  await page.getByText('No average of 77 prices is computed here.').waitFor()
})

test('the title of the tab has the symbol and its price', { skip }, async (t) => {
  const { page, service } = await openAt(t, '/?symbol=AAPL&provider=scripted')
  await page.locator('.headline .price', { hasText: '1.5' }).waitFor()
  assert.equal(await page.title(), 'AAPL 1.5 · Market data')
  await service.store({ symbol: 'AAPL', price: '196.45' })
  await page.locator('.headline .price', { hasText: '196.45' }).waitFor()
  assert.equal(await page.title(), 'AAPL 196.45 · Market data')
})

/** A page on a service in which AAPL is from two providers and MSFT from one that is not the default. */
async function openAt(t: TestContext, path: string): Promise<{ page: Page; service: HttpService; address: string }> {
  const others = { providers: twoProviders() }
  const service = await createHttpService(t, { prices: others, averages: others })
  await service.store({ symbol: 'AAPL', price: '1.5' })
  await storeOf('other', service, ['AAPL', 'MSFT'])
  const page = await openPage(t)
  const address = await service.listen()
  await page.goto(address + path)
  return { page, service, address }
}

function twoProviders() {
  const [scripted, other] = [createScriptedProvider(), { ...createScriptedProvider(), name: 'other' }]
  return {
    get: (name: string) => {
      const found = [scripted, other].find((provider) => provider.name === name)
      if (found) return found
      throw new ServiceError('unknown_provider', `No provider ${name}.`)
    },
    list: () => [scripted, other],
  }
}

async function storeOf(provider: string, { pool, notifyPricesStored }: HttpService, symbols: readonly string[]) {
  const reply = {
    provider,
    symbols,
    request: 'GET https://other.example/quotes',
    status: 200,
    body: Buffer.from('{}'),
    receivedAt: instantFromMillis(Date.now()),
    parserVersion: 1,
  }
  const quotes = symbols.map((symbol) => ({ symbol, quote: { ...quoteOf({ symbol, price: '2.5' }), provider } }))
  await createStoreReply(pool)(reply, quotes)
  notifyPricesStored()
}

function shown(page: Page, heading: string): Promise<void> {
  return page.locator('.headline h2', { hasText: heading }).waitFor()
}
