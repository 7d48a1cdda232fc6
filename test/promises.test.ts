import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { root } from './support/source-files.ts'

const PAGE = 'docs/promises.md'

const rows = readFileSync(join(root, PAGE), 'utf8')
  .split('\n')
  .filter((line) => /^\| (?!must never|---)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('every promise names the tests that would fail if it were broken, and each of them exists', () => {
  assert.ok(rows.length > 15, `${rows.length} promises in ${PAGE}`)
  const named = rows.flatMap(([, sentence = '', tests = '']) => tests.split('<br>').map((text) => ({ sentence, text })))
  const missing = named.filter(({ text }) => {
    const [path = '', name = ''] = text.split(' › ')
    return name === '' || !existsSync(join(root, path)) || !readFileSync(join(root, path), 'utf8').includes(name)
  })
  assert.deepEqual(missing, [])
})
