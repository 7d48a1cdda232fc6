import assert from 'node:assert/strict'
import { test } from 'node:test'
import { urlsOf } from '../../src/app/listen.ts'

test('a service on all interfaces shows addresses that a browser can open, never the unspecified one', () => {
  for (const [address, family, local] of [
    ['0.0.0.0', 'IPv4', 'http://127.0.0.1:8000'],
    ['::', 'IPv6', 'http://[::1]:8000'],
  ] as const) {
    const { url, otherUrls } = urlsOf({ address, family, port: 8000 })
    assert.equal(url, local)
    for (const other of otherUrls) {
      const { hostname, port } = new URL(other)
      assert.equal(port, '8000')
      assert.doesNotMatch(hostname, /^(?:0\.0\.0\.0|127\..*|\[::1?\]|\[fe80:.*)$/)
    }
  }
})

test('a service on one address shows that one only', () => {
  const shown = [
    urlsOf({ address: '192.168.1.7', family: 'IPv4', port: 80 }),
    urlsOf({ address: '::1', family: 'IPv6', port: 8000 }),
  ]
  assert.deepEqual(shown, [
    { url: 'http://192.168.1.7:80', otherUrls: [] },
    { url: 'http://[::1]:8000', otherUrls: [] },
  ])
})
