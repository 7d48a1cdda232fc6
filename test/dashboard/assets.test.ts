import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { skip } from './browser.ts'

const assets = join(import.meta.dirname, '../../dist/dashboard/assets')
const COMPRESSIBLE = /\.(?:js|css)$/

test('each script and style of the built page is kept in Brotli and in gzip, with the same content', { skip }, () => {
  const files = readdirSync(assets).filter((name) => COMPRESSIBLE.test(name))
  assert.ok(files.length >= 2)
  for (const name of files) {
    const source = readFileSync(join(assets, name))
    assert.deepEqual(brotliDecompressSync(readFileSync(join(assets, `${name}.br`))), source)
    assert.deepEqual(gunzipSync(readFileSync(join(assets, `${name}.gz`))), source)
  }
})

test('over plain HTTP, where browsers accept gzip only, the page is at most 100 kB in total', { skip }, () => {
  const files = readdirSync(assets)
  const sent = files.filter((name) => !files.includes(`${name}.gz`) && !name.endsWith('.br'))
  const bytes = sent.reduce((sum, name) => sum + statSync(join(assets, name)).size, 0)
  assert.ok(bytes <= 100_000, `${bytes} bytes`)
})
