import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generatedDocs } from '../scripts/generated-docs.ts'

for (const [path, text] of await generatedDocs()) {
  test(`${path} says what the code says (npm run docs)`, () => {
    assert.equal(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8'), text)
  })
}
