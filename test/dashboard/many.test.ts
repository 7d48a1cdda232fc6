import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { openPage, skip } from './browser.ts'
import { createFakeService, jobOf, type FakeState } from './fake-service.ts'

const SYMBOLS = Array.from({ length: 5_000 }, (_, at) => ({ symbol: numbered('S', at), price: String(at + 1) }))
const JOBS = Array.from({ length: 2_000 }, (_, at) => jobOf(numbered('S', at)))
/** Of the whole page. Rows that are not visible are not in the document. */
const MAX_ELEMENTS = 4_000

test(
  'of 5,000 symbols and 2,000 jobs each can be found and opened, and each job can be paused',
  { skip },
  async (t) => {
    const { page, state } = await openMany(t)
    for (const at of [0, 499, 500, 2_345, 4_999]) {
      const symbol = numbered('S', at)
      await page.getByLabel('Filter the watchlist').fill(symbol)
      await page.locator('.watchlist tbody tr', { hasText: symbol }).click()
      await page.locator('.headline h2', { hasText: symbol }).waitFor()
      await page.locator('.watchlist .price', { hasText: String(at + 1) }).waitFor()
    }
    for (const at of [0, 501, 1_999]) {
      const symbol = numbered('S', at)
      await page.getByLabel('Filter the jobs').fill(symbol)
      await page.getByRole('button', { name: `Pause ${symbol} from simulated` }).click()
      await page.locator('.jobs tbody tr', { hasText: symbol }).getByText('paused').waitFor()
      assert.equal(state.jobs.find((job) => job.symbol === symbol)?.status, 'paused')
    }
    await page.getByLabel('Filter the jobs').fill('')
    await page.getByLabel('State of the jobs').selectOption('paused')
    await page.locator('.jobs .result', { hasText: '3 of 2,000 jobs' }).waitFor()
  },
)

test('the page counts all symbols and jobs, and says how many of them a filter leaves', { skip }, async (t) => {
  const { page } = await openMany(t)
  assert.equal(await page.getByLabel('Filter the watchlist').getAttribute('placeholder'), 'Filter 5,000 symbols')
  assert.equal(await page.getByLabel('Filter the jobs').getAttribute('placeholder'), 'Filter 2,000 jobs')
  await page.getByLabel('Filter the watchlist').fill('S00')
  await page.locator('.watchlist .result', { hasText: '1,000 of 5,000 symbols' }).waitFor()
})

test(
  'the document stays small with 5,000 symbols and 2,000 jobs, wherever they are scrolled to',
  { skip },
  async (t) => {
    const { page } = await openMany(t)
    for (const part of [0, 0.3, 1]) {
      for (const list of ['.watchlist .scroll', '.jobs .scroll']) await scrollTo(page, list, part)
      await page.locator('.watchlist tbody tr[data-key]').first().waitFor()
      const elements = await page.evaluate<number>('document.querySelectorAll("*").length')
      assert.ok(elements < MAX_ELEMENTS, `${elements} elements`)
    }
    await page.locator('.watchlist tbody tr', { hasText: 'S04999' }).waitFor()
    await page.locator('.jobs tbody tr', { hasText: 'S01999' }).waitFor()
  },
)

test('the keyboard alone reaches the last of 5,000 symbols, and the chart follows', { skip }, async (t) => {
  const { page } = await openMany(t)
  await page.locator('.watchlist .scroll').focus()
  await page.keyboard.press('End')
  await focused(page, 'S04999')
  await page.locator('.headline h2', { hasText: 'S04999' }).waitFor()
  await page.keyboard.press('PageUp')
  await focused(page, 'S04989')
  await page.keyboard.press('ArrowUp')
  await focused(page, 'S04988')
  await page.keyboard.press('Home')
  await focused(page, 'S00000')
  for (let at = 1; at <= 40; at++) {
    await page.keyboard.press('ArrowDown')
    await focused(page, numbered('S', at))
  }
})

test('a list of 5,000 symbols is sorted by each of its columns, in both directions', { skip }, async (t) => {
  const { page } = await openMany(t)
  const first = page.locator('.watchlist tbody tr[data-key] th').first()
  const sort = (name: string) => page.locator('.watchlist thead').getByRole('button', { name, exact: true }).click()
  await sort('Last')
  await first.getByText('S00000').waitFor()
  await sort('Last')
  await first.getByText('S04999').waitFor()
  assert.equal(await page.locator('.watchlist th.last').first().getAttribute('aria-sort'), 'descending')
  await sort('Last')
  await first.getByText('S00000').waitFor()
  for (const column of ['Symbol', '%', 'Change', 'Market', 'Age']) {
    await sort(column)
    assert.equal(await page.locator('.watchlist th[aria-sort=ascending]').count(), 1, column)
  }
})

test('after a filter that the service refuses, it is asked for the next one', { skip }, async (t) => {
  const { page, seen } = await openMany(t)
  await page.getByLabel('Filter the jobs').fill('S'.repeat(41))
  await page.locator('.jobs .result', { hasText: '0 of 2,000 jobs' }).waitFor()
  await page.getByLabel('Filter the jobs').fill('S01500')
  await page.locator('.jobs tbody tr', { hasText: 'S01500' }).waitFor()
  await page.locator('.jobs .result', { hasText: '1 of 2,000 jobs' }).waitFor()
  assert.ok(seen.some(({ call, query }) => call === 'GET /prices/poll' && query.get('q') === 'S01500'))
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
})

test('a job that another client deletes leaves the list', { skip }, async (t) => {
  const { page, state } = await openMany(t)
  await page.getByLabel('Filter the jobs').fill('S01999')
  const row = page.locator('.jobs tbody tr', { hasText: 'S01999' })
  await row.waitFor()
  state.jobs = state.jobs.slice(0, -1)
  await row.waitFor({ state: 'detached' })
})

test(
  'beyond 10,000 symbols the page says that it does not list all, and the filter finds the others',
  { skip },
  async (t) => {
    const symbols = Array.from({ length: 10_001 }, (_, at) => ({ symbol: numbered('S', at) }))
    const { page } = await openMany(t, { symbols, jobs: [] })
    await page.locator('.watchlist .result', { hasText: 'more than these 10,000' }).waitFor()
    await page.getByLabel('Filter the watchlist').fill('S10000')
    await page.locator('.watchlist tbody tr', { hasText: 'S10000' }).waitFor()
  },
)

for (const colorScheme of ['light', 'dark'] as const) {
  test(`in the ${colorScheme} theme axe finds no violation in long lists`, { skip }, async (t) => {
    const { page } = await openMany(t, {}, colorScheme)
    await page.getByLabel('Filter the watchlist').fill('S0')
    await page.getByRole('button', { name: 'Runs of S00000 from simulated' }).click()
    await page.getByText('did not answer within 10 s').waitFor()
    const { violations } = await new AxeBuilder({ page }).include('.watchlist').include('.jobs').analyze()
    assert.deepEqual(
      violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
      [],
    )
  })
}

async function openMany(t: TestContext, given: Partial<FakeState> = {}, colorScheme: 'light' | 'dark' = 'light') {
  const service = await createFakeService(t, { symbols: SYMBOLS, jobs: JOBS, ...given })
  const page = await openPage(t, { colorScheme, viewport: { width: 1280, height: 800 } })
  await page.goto(service.url)
  await page.locator('.watchlist .price').first().waitFor()
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  await page
    .getByText(`All symbols (${service.state.symbols.length === 5_000 ? '5,000' : '10,000'})`)
    .waitFor({ state: 'attached' })
  return { page, ...service }
}

async function focused(page: Page, symbol: string): Promise<void> {
  await page.locator('.watchlist button:focus', { hasText: symbol }).waitFor()
}

async function scrollTo(page: Page, list: string, part: number): Promise<void> {
  // Twice: heights are measured where rows are drawn, and the end may move.
  for (let at = 0; at < 2; at++) {
    await page.locator(list).evaluate((element, share) => (element.scrollTop = share * element.scrollHeight), part)
    await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
  }
}

function numbered(prefix: string, at: number): string {
  return `${prefix}${String(at).padStart(5, '0')}`
}
