import assert from 'node:assert/strict'
import { test } from 'node:test'
import { architecturePicture } from '../../scripts/architecture.ts'
import { MAY_IMPORT } from '../../scripts/rooms.ts'

test('the picture shows every folder of the import rule', () => {
  const picture = architecturePicture()
  for (const room of Object.keys(MAY_IMPORT).filter((name) => name !== 'errors' && name !== 'main')) {
    assert.ok(picture.includes(`class="name">${room}</text>`), room)
  }
})

test('a picture that contradicts the import rule is not drawn', () => {
  const { 'core/polling': _, ...withoutPolling } = MAY_IMPORT
  assert.throws(() => architecturePicture(withoutPolling), /core\/polling is drawn, but is no room/)
  assert.throws(() => architecturePicture({ ...MAY_IMPORT, 'core/bars': [] }), /core\/bars is not drawn/)
  const withoutHttp = { ...MAY_IMPORT, http: ['lib', 'core/prices', 'core/log', 'core/polling'] }
  assert.throws(() => architecturePicture(withoutHttp), /wrong: an arrow leads from http to core\/ingest, [^;]+$/)
})
