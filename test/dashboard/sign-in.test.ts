import assert from 'node:assert/strict'
import test from 'node:test'
import { AxeBuilder } from '@axe-core/playwright'
import { createKeySecret } from '../../src/core/access/secret.ts'
import { createHttpService } from '../support/http-service.ts'
import { openPage, skip } from './browser.ts'

test('the page asks for a key, then works with a cookie, its stream included, until sign-out', { skip }, async (t) => {
  const service = await createHttpService(t)
  const { key } = await service.issueKey('write')
  await service.store({ price: '1.5' })
  const address = await service.listen()
  const page = await openPage(t)
  await page.goto(address)
  const field = page.getByLabel('API key')
  await field.waitFor()
  assert.deepEqual((await new AxeBuilder({ page }).analyze()).violations, [])
  await field.fill(createKeySecret().text)
  await page.keyboard.press('Enter')
  await page.getByRole('alert').getByText('Unknown key').waitFor()
  await field.fill(` ${key}\n`)
  await page.keyboard.press('Enter')
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  await service.store({ price: '2.5' })
  await page.locator('.watchlist .price', { hasText: '2.5' }).waitFor()
  const [cookie] = await page.context().cookies()
  assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, 'Strict'])
  assert.equal(await page.evaluate('document.cookie'), '')
  assert.ok(!String(await page.evaluate('JSON.stringify(localStorage)')).includes('mds_'))
  await page.getByRole('button', { name: 'Sign out' }).click()
  await field.waitFor()
  assert.deepEqual(await page.context().cookies(), [])
})

test('a page whose key is revoked asks for another key', { skip }, async (t) => {
  const service = await createHttpService(t)
  const [reader, admin] = [await service.issueKey('read'), await service.issueKey('admin')]
  const address = await service.listen()
  const page = await openPage(t)
  await page.goto(address)
  await page.getByLabel('API key').fill(reader.key)
  await page.keyboard.press('Enter')
  await page.locator('.connection', { hasText: 'Live' }).waitFor()
  const headers = { 'x-api-key': admin.key }
  assert.equal((await service.ask(`/keys/${reader.keyId}`, { method: 'DELETE', headers })).status, 200)
  await page.getByLabel('API key').waitFor()
})

test(
  'a page whose session is answered with HTML shows why it cannot start, and does not reload',
  { skip },
  async (t) => {
    const service = await createHttpService(t)
    const { key } = await service.issueKey('read')
    const page = await openPage(t)
    await page.route('**/session', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }))
    let loads = 0
    page.on('load', () => loads++)
    await page.goto(await service.listen())
    await page.getByRole('alert').getByText('unexpected response').waitFor()
    assert.equal(loads, 1)
    await page.unroute('**/session')
    await page.getByLabel('API key').fill(key)
    await page.keyboard.press('Enter')
    await page.locator('.connection', { hasText: 'Live' }).waitFor()
  },
)
