import assert from 'node:assert/strict'
import test from 'node:test'
import { openPage, skip } from './browser.ts'
import { createFakeService } from './fake-service.ts'

const SENT = { question: 5, job: 7, rate_limited: 0 }
const NONE = { question: 0, job: 0, rate_limited: 0 }
const AT = '2026-01-15T12:00:00Z'
const ERROR = { code: 'provider_timeout', detail: 'It did not answer.', at: AT }
const NOTHING_OBSERVED = { requests: 0, failures: 0, failures_in_a_row: 0, last_success_at: null, last_error: null }
const ONLY_FAILURES = { ...NOTHING_OBSERVED, requests: 3, failures: 3, failures_in_a_row: 3, last_error: ERROR }

/** What the service reports, and the state that the panel shows. `today` is undefined for a provider that is not listed. */
const CASES = [
  { name: 'never-asked', today: NONE, health: NOTHING_OBSERVED, state: 'idle' },
  { name: 'restarted', today: SENT, health: NOTHING_OBSERVED, state: 'idle' },
  { name: 'restarted-with-jobs', today: SENT, health: { ...NOTHING_OBSERVED, jobs: 2 }, state: 'working' },
  { name: 'first-run-to-come', today: NONE, health: { ...NOTHING_OBSERVED, jobs: 2 }, state: 'idle' },
  { name: 'only-failures', today: SENT, health: ONLY_FAILURES, state: 'last request failed' },
  { name: 'failing', today: SENT, health: { ...ONLY_FAILURES, status: 'failing', jobs: 1 }, state: 'failing' },
  { name: 'asked', today: SENT, health: { ...NOTHING_OBSERVED, requests: 12, last_success_at: AT }, state: 'working' },
  { name: 'removed', today: undefined, health: NOTHING_OBSERVED, state: 'not configured' },
]

test(
  'the state of a provider agrees with its requests: after a restart, after failures, and if it was never asked',
  { skip },
  async (t) => {
    const listed = CASES.flatMap(({ name, today }) => (today ? [listedAs(name, today)] : []))
    const providers = [...listed, ...CASES.filter(({ today }) => !today).map(({ name }) => ({ provider: name }))]
    const service = await createFakeService(t, { providers })
    service.state.answers['GET /providers'] = () => [200, { data: listed, next_cursor: null, next_url: null }]
    const page = await openPage(t)
    await page.route('**/health', async (route) => {
      const response = await route.fetch()
      const body = (await response.json()) as { providers: Record<string, unknown>[] }
      const changed = body.providers.map((one) => ({ ...one, ...healthOf(String(one['provider'])) }))
      await route.fulfill({ response, json: { ...body, providers: changed } })
    })
    await page.goto(service.url)
    await page.locator('.providers tbody tr[data-key=removed]').waitFor()
    for (const { name, state } of CASES) {
      const row = page.locator(`.providers tbody tr[data-key=${name}]`)
      assert.equal(await row.locator('.status').textContent(), state, name)
    }
    const failed = page.locator('.providers tbody tr[data-key=only-failures] td').last()
    assert.equal(await failed.textContent(), '3of 3 since start')
  },
)

function healthOf(name: string) {
  return { status: 'ok', ...CASES.find((one) => one.name === name)?.health }
}

function listedAs(provider: string, today: typeof SENT) {
  return { provider, is_default: false, can_search: false, can_be_polled: true, requests: { today, hours: [] } }
}
