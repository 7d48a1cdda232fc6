import assert from 'node:assert/strict'
import test, { type TestContext } from 'node:test'
import { openPage, skip } from './browser.ts'
import { createFakeService, jobOf, type FakeState } from './fake-service.ts'

const APPLE = { apple: [{ symbol: 'AAPL', name: 'Apple Inc.' }], aapl: [{ symbol: 'AAPL', name: 'Apple Inc.' }] }

const NO_REQUESTS = { today: { question: 0, job: 0, rate_limited: 0 }, hours: [] }

test(
  'Enter on a company’s name takes the first suggestion, and only a second Enter starts the job',
  { skip },
  async (t) => {
    const { field, page, posted } = await openForm(t, { found: APPLE })
    await field.fill('apple')
    await page.getByRole('option', { name: /Apple Inc/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByText('AAPL, Apple Inc., is the first suggestion').waitFor()
    assert.equal(await field.inputValue(), 'AAPL')
    assert.deepEqual(posted(), [])
    await page.keyboard.press('Enter')
    await page.locator('.jobs .message', { hasText: 'AAPL from simulated: fetched every 1 min.' }).waitFor()
    const body = { symbol: 'AAPL', provider: 'simulated', interval_seconds: 60, market_hours: 'always' }
    assert.deepEqual(posted(), [body])
  },
)

test('Enter before the suggestions have come waits for them', { skip }, async (t) => {
  const { field, page, posted } = await openForm(t, { found: APPLE })
  await field.fill('apple')
  await page.keyboard.press('Enter')
  await page.getByText('is the first suggestion').waitFor()
  assert.deepEqual(posted(), [])
})

for (const { text, reason } of [
  { text: 'Nosuch Company', reason: 'A symbol has no spaces.' },
  { text: 'nosuch', reason: 'If NOSUCH is the symbol, type it in capitals.' },
  { text: 'MSFT, nosuch', reason: 'Nothing is found for “nosuch”.' },
]) {
  test(`“${text}”, which nothing is found for, becomes no job, and the form says why`, { skip }, async (t) => {
    const { field, page, posted } = await openForm(t)
    await field.fill(text)
    await page.keyboard.press('Enter')
    await page.locator('#job-failure', { hasText: reason }).waitFor()
    assert.deepEqual(posted(), [])
  })
}

test('a symbol in small letters that the provider knows becomes the job of that symbol', { skip }, async (t) => {
  const { field, page, posted } = await openForm(t, { found: APPLE })
  await field.fill('aapl')
  await page.keyboard.press('Enter')
  await page.locator('.jobs .message', { hasText: 'AAPL from simulated' }).waitFor()
  assert.deepEqual(
    posted().map(({ symbol }) => symbol),
    ['AAPL'],
  )
})

test('a pair of small units becomes its own job, not that of whole units', { skip }, async (t) => {
  const found = {
    'usdgbp=x': [
      { symbol: 'USDGBP=X', name: 'in pounds' },
      { symbol: 'USDGBp=X', name: 'in pence' },
    ],
  }
  for (const state of [{}, { found }]) {
    const { field, page, posted } = await openForm(t, state)
    await field.fill('USDGBp=X')
    await page.keyboard.press('Enter')
    await page.locator('.jobs .message', { hasText: 'USDGBp=X from simulated' }).waitFor()
    assert.deepEqual(
      posted().map(({ symbol }) => symbol),
      ['USDGBp=X'],
    )
  }
})

test('several symbols with commas between them are started by one request', { skip }, async (t) => {
  const { field, page, posted } = await openForm(t)
  await field.fill('AAPL, MSFT,, BRK.B')
  await page.getByLabel('When').selectOption('regular')
  await page.keyboard.press('Tab')
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('.jobs .message', { hasText: 'AAPL, MSFT, BRK.B from simulated' }).waitFor()
  assert.deepEqual(posted(), [
    { symbols: ['AAPL', 'MSFT', 'BRK.B'], provider: 'simulated', interval_seconds: 60, market_hours: 'regular' },
  ])
  assert.equal(await field.inputValue(), '')
})

test(
  'of several symbols those that are refused stay in the form, each with what may have been meant',
  { skip },
  async (t) => {
    const { field, page, state } = await openForm(t)
    const errors = [
      { symbol: 'APPL', code: 'symbol_not_found', detail: 'Not known.', suggestions: [{ symbol: 'AAPL' }] },
    ]
    const warning = 'simulated is away; the symbols are checked later.'
    state.answers['POST /prices/poll'] = () => [202, { jobs: [jobOf('MSFT')], errors, warning, replaced: ['MSFT'] }]
    await field.fill('MSFT, APPL')
    await page.keyboard.press('Enter')
    await page.locator('.jobs .message', { hasText: `This replaced what was set for MSFT. ${warning}` }).waitFor()
    await page.getByRole('alert').getByText('APPL: Not known.').waitFor()
    assert.equal(await field.inputValue(), 'APPL')
    await page.getByRole('button', { name: 'AAPL', exact: true }).click()
    assert.equal(await field.inputValue(), 'AAPL')
  },
)

test('an error never stands beside the success of an attempt before, nor the other way around', { skip }, async (t) => {
  const { field, page, state } = await openForm(t)
  const start = async (text: string) => {
    await field.fill(text)
    await page.keyboard.press('Enter')
  }
  const message = page.locator('.jobs .message')
  await start('AAPL')
  await message.getByText('AAPL from simulated').waitFor()
  state.answers['POST /prices/poll'] = () => [404, { code: 'symbol_not_found', detail: 'NOSUCH is not known.' }]
  await start('NOSUCH')
  await page.locator('#job-failure', { hasText: 'NOSUCH is not known.' }).waitFor()
  assert.equal(await message.textContent(), '')
  delete state.answers['POST /prices/poll']
  await start('MSFT')
  await message.getByText('MSFT from simulated').waitFor()
  assert.equal(await page.locator('#job-failure').textContent(), '')
})

test('no notice of the search moves a field of the form', { skip }, async (t) => {
  const { field, page, state } = await openForm(t)
  const detail =
    'simulated cannot be reached, and this sentence about it is a rather long one to show in a narrow column.'
  state.answers['GET /symbols'] = () => [502, { code: 'provider_unavailable', detail }]
  const places = () =>
    page
      .locator('.job-form :is(input, select, button)')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().x))
  const before = await places()
  await field.fill('AAPL')
  await page.getByText('No suggestions: simulated cannot be reached').waitFor()
  assert.deepEqual(await places(), before)
})

test('a search in progress is announced', { skip }, async (t) => {
  const { field, page } = await openForm(t)
  await page.route('**/symbols?q=*', () => {})
  await field.fill('AAPL')
  await page.getByText('Searching…').waitFor()
})

test('an interval of more than a year is refused in words', { skip }, async (t) => {
  const { field, page, posted } = await openForm(t)
  await field.fill('AAPL')
  await page.getByLabel('Interval').fill('100000')
  await page.getByLabel('Unit').selectOption({ label: 'hours' })
  await page.getByRole('button', { name: 'Start' }).click()
  await page.locator('#job-failure', { hasText: 'The longest interval is one year' }).waitFor()
  assert.deepEqual(posted(), [])
})

test('a job’s interval and market hours are edited in place, with the keyboard alone', { skip }, async (t) => {
  const { page, seen } = await openForm(t, { jobs: [jobOf('AAPL')] })
  await page.getByRole('button', { name: 'Edit AAPL from simulated' }).press('Enter')
  await page.locator('.job-editor input:focus').waitFor()
  await page.keyboard.type('5')
  await page.locator('.job-editor').getByLabel('When').selectOption('extended')
  await page.getByRole('button', { name: 'Save' }).press('Enter')
  await page.locator('.jobs tbody tr', { hasText: 'extended hours' }).waitFor()
  const change = seen.find(({ call }) => call === 'PATCH /prices/poll/job-AAPL')
  assert.equal(change?.body['market_hours'], 'extended')
  assert.match(String(change?.body['interval_seconds']), /^(?:5|15|51)?\d*$/)
  await page.locator('button:focus', { hasText: 'Edit' }).waitFor()
})

test('the runs of a job are shown with their outcome and error', { skip }, async (t) => {
  const { page } = await openForm(t, { jobs: [jobOf('AAPL')] })
  await page.getByRole('button', { name: 'Runs of AAPL from simulated' }).click()
  const runs = page.getByRole('list', { name: /Runs of AAPL/ })
  await runs.getByText('recorded').waitFor()
  await runs.getByText('250 ms · simulated did not answer within 10 s.').waitFor()
})

test('a job that the service has paused says why', { skip }, async (t) => {
  const paused = jobOf('NOSUCH', { status: 'paused', paused_reason: 'NOSUCH was refused 20 times.' })
  const { page } = await openForm(t, { jobs: [paused] })
  await page.getByText('Paused by the service: NOSUCH was refused 20 times.').waitFor()
})

test('a key that may only read sees runs, and no button that it may not press', { skip }, async (t) => {
  const { page } = await openForm(t, { jobs: [jobOf('AAPL')], scopes: ['read'] })
  await page.getByRole('button', { name: 'Runs of AAPL from simulated' }).waitFor()
  for (const name of [/^Start$/, /Pause/, /Run now/, /Edit/, /^Delete/]) {
    assert.equal(await page.locator('.jobs').getByRole('button', { name }).count(), 0, String(name))
  }
})

test(
  'a provider that cannot be polled is not offered, and today’s requests are shown by cause',
  { skip },
  async (t) => {
    const requests = { today: { question: 34, job: 1_200, rate_limited: 2 }, hours: [] }
    const provider = {
      provider: 'simulated',
      is_default: true,
      can_search: true,
      advised_interval_seconds: 1,
      requests,
    }
    const providers = [
      { ...provider, can_be_polled: true },
      { ...provider, provider: 'import', is_default: false, can_be_polled: false, requests: NO_REQUESTS },
    ]
    const { page } = await openForm(t, { providers })
    await page
      .locator('.providers', { hasText: '1,234' })
      .getByText('1,200 by jobs, 34 by questions, 2 refused (429)')
      .waitFor()
    await page.locator('.providers tr', { hasText: 'import' }).getByText('not polled').waitFor()
    assert.deepEqual(await page.getByLabel('Provider').locator('option').allTextContents(), ['simulated'])
  },
)

async function openForm(t: TestContext, given: Partial<FakeState> = {}) {
  const service = await createFakeService(t, { symbols: [{ symbol: 'S1' }], ...given })
  const page = await openPage(t)
  await page.goto(service.url)
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  await page.locator('.watchlist .price').waitFor()
  const posted = () => service.seen.filter(({ call }) => call === 'POST /prices/poll').map(({ body }) => body)
  return { page, field: page.locator('#job-symbol'), posted, ...service }
}
