import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createHttpService } from '../../support/http-service.ts'

const under = { server: { basePath: '/market' } }

test('behind a prefix every route works, whether the proxy removes the prefix or not', async (t) => {
  const { ask, store } = await createHttpService(t, under)
  await store({})
  for (const prefix of ['', '/market']) {
    for (const path of ['/livez', '/prices/latest?symbol=AAPL', '/', '/?symbol=AAPL', '/docs', '/openapi.json']) {
      assert.equal((await ask(prefix + path)).status, 200, prefix + path)
    }
    assert.equal((await ask(`${prefix}/nowhere`)).status, 404)
  }
  for (const path of ['/marketing', '/market/market/livez', '/markets/livez'])
    assert.equal((await ask(path)).status, 404)
})

test('the prefix without a slash leads to the page, so that its relative addresses are right', async (t) => {
  const { ask } = await createHttpService(t, under)
  const { status, headers } = await ask('/market?symbol=AAPL')
  assert.deepEqual([status, headers['location']], [308, '/market/?symbol=AAPL'])
})

test('paths in responses have the prefix: of the next page, of the bytes of a reply, and of the server in OpenAPI', async (t) => {
  const { ask, store } = await createHttpService(t, under)
  await store({ price: '1', time: '2025-01-01T00:00:00Z' }, { price: '2', time: '2025-01-01T00:01:00Z' })
  await store({ symbol: 'MSFT' })
  for (const prefix of ['', '/market']) {
    for (const path of ['/prices/history?symbol=AAPL&limit=1', '/symbols?limit=1']) {
      const { next_url } = (await ask(prefix + path)).json()
      assert.ok(next_url.startsWith(`/market${path}`), next_url)
      assert.equal((await ask(next_url)).json().data.length, 1)
    }
    assert.equal((await ask(`${prefix}/raw-responses/1`)).json().body_url, '/market/raw-responses/1/body')
    assert.equal((await ask(`${prefix}/prices/1/lineage`)).json().raw_response.body_url, '/market/raw-responses/1/body')
    assert.equal((await ask(`${prefix}/openapi.json`)).json().servers[0].url, '/market')
  }
})

test('the links of pages that have not been built stay within the prefix, and each leads somewhere', async (t) => {
  const notBuilt = { pageFolder: join(tmpdir(), 'not-built') }
  const { ask } = await createHttpService(t, { ...under, dashboard: notBuilt, documents: notBuilt })
  for (const page of ['/market/', '/market/docs']) {
    const { status, text } = await ask(page)
    assert.equal(status, 200, page)
    const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => new URL(link, `http://host${page}`))
    assert.ok(links.length > 0, page)
    for (const { pathname } of links) {
      assert.match(pathname, /^\/market\//)
      assert.equal((await ask(pathname)).status, 200, pathname)
    }
  }
})
