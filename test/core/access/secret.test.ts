import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  createKeySecret,
  createSessionSecret,
  readKeySecret,
  readSessionSecret,
  withoutSecrets,
} from '../../../src/core/access/secret.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

test('a key is a prefix, 256 random bits and a checksum, and only its hash and its first characters are stored', () => {
  const { text, id, digest } = createKeySecret()
  assert.match(text, /^mds_live_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$/)
  assert.equal(id, text.slice(9, 17))
  assert.deepEqual(Buffer.from(digest), createHash('sha256').update(text).digest())
  assert.deepEqual(readKeySecret(text), { text, id, digest })
  assert.match(createSessionSecret().text, /^mds_page_/)
})

test('ten thousand keys are all different, and every digit is about equally frequent in every position', () => {
  const bodies = Array.from({ length: 10_000 }, () => createKeySecret().text.slice(9, 52))
  assert.equal(new Set(bodies).size, bodies.length)
  // 161 of each digit are expected in each position, give or take 13; in the first position the last few are rarer.
  for (let at = 1; at < 43; at++) {
    const counts = Map.groupBy(bodies, (body) => body[at])
    for (const digit of DIGITS) {
      const count = counts.get(digit)?.length ?? 0
      assert.ok(count > 80 && count < 260, `${digit} occurs ${count} times at ${at}`)
    }
  }
})

test('any single mistyped character is detected without a lookup in the table', () => {
  const { text } = createKeySecret()
  for (let at = 0; at < text.length; at++) {
    for (const digit of DIGITS) {
      if (digit === text[at]) continue
      assert.equal(readKeySecret(text.slice(0, at) + digit + text.slice(at + 1)), undefined)
    }
  }
})

test('a session is not accepted as a key, nor a key as a session', () => {
  assert.equal(readSessionSecret(createKeySecret().text), undefined)
  assert.equal(readKeySecret(createSessionSecret().text), undefined)
})

test('keys and sessions are found in any text, even truncated, and removed', () => {
  const text = `?a=${createKeySecret().text}&b=mds_page_abc,mds_live_`
  assert.equal(withoutSecrets(text), '?a=mds_live_…&b=mds_page_…,mds_live_')
})
