import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { readSaved, savedText } from '../../dashboard/state/watchlists/saved.ts'
import { openPage, skip } from './browser.ts'
import { createFakeService } from './fake-service.ts'

const SYMBOLS = ['AAPL', 'MSFT', 'NVDA', 'TSLA'].map((symbol, at) => ({ symbol, price: String(10 - at) }))

test('a new price of which nobody says that its market is open is not shown as open', { skip }, async (t) => {
  const imported = { symbol: 'AAPL', provider: 'import', market_state: 'unknown', freshness: 'fresh' }
  const service = await createFakeService(t, { symbols: [imported] })
  const page = await openPage(t)
  await page.goto(service.url)
  await page.locator('.watchlist .status', { hasText: /^new$/ }).waitFor()
})

test(
  'a list of a person’s own is made, filled, renamed and deleted, and lasts across a reload',
  { skip },
  async (t) => {
    const { page } = await openLists(t)
    await page.getByRole('button', { name: 'New list', exact: true }).click()
    await page.getByLabel('Name of the list').fill('Tech')
    await page.getByLabel('Name of the list').press('Enter')
    await page.getByText('This list is empty').waitFor()
    for (const symbol of ['NVDA', 'AAPL', 'TSLA']) {
      await page.getByLabel('Filter the watchlist').fill(symbol.toLowerCase())
      await page.getByRole('button', { name: `Add ${symbol}` }).click()
    }
    await page.getByLabel('Filter the watchlist').fill('')
    await listed(page, ['NVDA', 'AAPL', 'TSLA'])
    await page.getByRole('button', { name: 'Remove AAPL from Tech' }).click()
    await listed(page, ['NVDA', 'TSLA'])
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByLabel('Name of the list').fill('Chips')
    await page.getByLabel('Name of the list').press('Enter')
    await page.reload()
    await listed(page, ['NVDA', 'TSLA'])
    assert.equal(await page.getByLabel('List', { exact: true }).locator('option:checked').textContent(), 'Chips (2)')
    await page.getByRole('button', { name: 'Delete list' }).click()
    await page.locator('button:focus', { hasText: 'Keep' }).waitFor()
    await page.getByRole('button', { name: 'Yes, delete' }).click()
    await listed(page, ['AAPL', 'MSFT', 'NVDA', 'TSLA'])
  },
)

test('a symbol joins a list from all symbols, and each of several lists has its own', { skip }, async (t) => {
  const { page } = await openLists(t)
  await page.getByRole('button', { name: 'Add MSFT to a new list' }).click()
  await page.getByRole('button', { name: 'Add AAPL to My list' }).click()
  await page.getByRole('button', { name: 'New list', exact: true }).click()
  await page.getByLabel('Name of the list').press('Enter')
  await page.getByText('This list is empty').waitFor()
  await page.getByLabel('List', { exact: true }).selectOption('My list (2)')
  await listed(page, ['MSFT', 'AAPL'])
})

test(
  'a list is ordered by dragging and by the arrow keys, and sorting a column leaves that order as it was',
  { skip },
  async (t) => {
    const { page } = await openLists(t, ['AAPL', 'MSFT', 'NVDA'])
    const handle = (symbol: string) => page.getByRole('button', { name: new RegExp(`^Move ${symbol}`) })
    await handle('NVDA').press('ArrowUp')
    await listed(page, ['AAPL', 'NVDA', 'MSFT'])
    await page.locator('.move:focus').press('Home')
    await listed(page, ['NVDA', 'AAPL', 'MSFT'])
    await dragTo(page, handle('NVDA'), handle('MSFT'))
    await listed(page, ['AAPL', 'MSFT', 'NVDA'])
    await page.locator('.watchlist thead').getByRole('button', { name: 'Last' }).click()
    await listed(page, ['NVDA', 'MSFT', 'AAPL'])
    assert.equal(await handle('AAPL').count(), 0)
    for (let presses = 0; presses < 2; presses++)
      await page.locator('.watchlist thead').getByRole('button', { name: 'Last' }).click()
    await listed(page, ['AAPL', 'MSFT', 'NVDA'])
  },
)

test(
  'broken content of the browser’s storage breaks no list that can be read, and not the page',
  { skip },
  async (t) => {
    const good = { id: 'a', name: 'Good', keys: ['MSFT simulated', 7, 'x', 'MSFT simulated'] }
    const texts = [
      '{',
      'null',
      '[]',
      '{"version":1,"lists":7}',
      JSON.stringify({ version: 1, lists: [good, null, { id: 1 }], shown: 'a' }),
    ]
    for (const text of texts) {
      const { page } = await openLists(t, undefined, text)
      await listed(page, text.includes('Good') ? ['MSFT'] : ['AAPL', 'MSFT', 'NVDA', 'TSLA'])
    }
  },
)

test('lists that a newer version of the page has kept are left as they are', { skip }, async (t) => {
  const newer = JSON.stringify({ version: 2, folders: [] })
  const { page } = await openLists(t, undefined, newer)
  await page.getByRole('button', { name: 'Add MSFT to a new list' }).click()
  await page.getByRole('button', { name: 'Remove MSFT from My list' }).waitFor()
  assert.equal(await page.evaluate('localStorage.getItem("watchlists")'), newer)
})

test('axe finds no violation in a person’s own list, in both themes', { skip }, async (t) => {
  const { page } = await openLists(t, ['AAPL', 'MSFT'])
  await page.getByLabel('Filter the watchlist').fill('S')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await new AxeBuilder({ page }).include('.watchlist').analyze()
    assert.deepEqual(violations, [])
  }
})

test('what is saved is read back as it was', () => {
  const saved = { lists: [{ id: 'a', name: 'Tech', keys: ['AAPL simulated'] }], shownId: 'a' }
  assert.deepEqual(readSaved(savedText(saved)), saved)
  assert.deepEqual(readSaved(savedText({ lists: [], shownId: undefined })), { lists: [], shownId: undefined })
})

async function openLists(t: TestContext, symbols?: readonly string[], text?: string) {
  const service = await createFakeService(t, { symbols: SYMBOLS })
  const page = await openPage(t, { viewport: { width: 1280, height: 800 } })
  const keys = symbols?.map((symbol) => `${symbol} simulated`)
  const stored = keys ? savedText({ lists: [{ id: 'l', name: 'Mine', keys }], shownId: 'l' }) : text
  if (stored !== undefined) {
    await page.addInitScript(
      `localStorage.getItem('watchlists') ?? localStorage.setItem('watchlists', ${JSON.stringify(stored)})`,
    )
  }
  await page.goto(service.url)
  await page.locator('.watchlist .price').first().waitFor()
  return { page, ...service }
}

async function listed(page: Page, symbols: readonly string[]): Promise<void> {
  const rows = page.locator('.watchlist tbody tr')
  for (const [at, symbol] of symbols.entries()) await rows.nth(at).filter({ hasText: symbol }).waitFor()
  assert.equal(await rows.count(), symbols.length)
}

type Locator = ReturnType<Page['locator']>

async function dragTo(page: Page, from: Locator, to: Locator): Promise<void> {
  const [start, end] = [await from.boundingBox(), await to.boundingBox()]
  if (!start || !end) return assert.fail('a handle is not visible')
  await page.mouse.move(start.x + start.width / 2, start.y + start.height / 2)
  await page.mouse.down()
  await page.mouse.move(end.x + end.width / 2, end.y + end.height / 2, { steps: 4 })
  await page.mouse.up()
}
