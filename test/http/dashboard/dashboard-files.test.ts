import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type TestContext } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

test('if the page is not built, a browser is told how to build it', async (t) => {
  const { ask } = await createHttpService(t, { dashboard: { pageFolder: createFolder(t) } })
  const { status, headers, text } = await ask('/')
  assert.equal(status, 200)
  assert.match(String(headers['content-type']), /^text\/html/)
  assert.match(text, /npm run build/)
})

test('the page can connect to its own origin only, and is revalidated each time', async (t) => {
  const { ask } = await createHttpService(t, { dashboard: { pageFolder: createPage(t) } })
  const { headers, text } = await ask('/')
  assert.equal(text, '<p>the page</p>')
  assert.equal(headers['cache-control'], 'no-cache')
  const policy = String(headers['content-security-policy'])
  assert.match(policy, /default-src 'none'.*script-src 'self';.*connect-src 'self'/)
  assert.doesNotMatch(policy, /https?:|\*/)
})

test('its files are cached forever, and sent as compressed by the build', async (t) => {
  const { ask } = await createHttpService(t, { dashboard: { pageFolder: createPage(t) } })
  const plain = await ask('/assets/page-1.js')
  assert.equal(plain.text, 'plain')
  assert.match(String(plain.headers['cache-control']), /immutable/)
  const packed = await ask('/assets/page-1.js', { headers: { 'accept-encoding': 'br' } })
  assert.equal(packed.text, 'packed')
  assert.equal(packed.headers['content-encoding'], 'br')
  assert.equal((await ask('/assets/none.js')).status, 404)
})

test('a browser that accepts gzip but not Brotli, as over plain HTTP, gets the files in gzip', async (t) => {
  const { ask } = await createHttpService(t, { dashboard: { pageFolder: createPage(t) } })
  for (const [accepted, text] of [
    ['gzip, deflate', 'zipped'],
    ['gzip, deflate, br, zstd', 'packed'],
    ['identity', 'plain'],
  ] as const) {
    const { text: sent, headers } = await ask('/assets/page-1.js', { headers: { 'accept-encoding': accepted } })
    assert.equal(sent, text, accepted)
    assert.match(String(headers['vary']), /accept-encoding/i)
    assert.match(String(headers['content-type']), /javascript/)
  }
})

function createPage(t: TestContext): string {
  const folder = createFolder(t)
  mkdirSync(join(folder, 'assets'))
  writeFileSync(join(folder, 'index.html'), '<p>the page</p>')
  writeFileSync(join(folder, 'assets/page-1.js'), 'plain')
  writeFileSync(join(folder, 'assets/page-1.js.br'), 'packed')
  writeFileSync(join(folder, 'assets/page-1.js.gz'), 'zipped')
  return folder
}

function createFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'market-data-page-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
