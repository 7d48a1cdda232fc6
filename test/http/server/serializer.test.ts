import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serializerOf } from '../../../src/http/server/responses/serializer.ts'

test('a schema that cannot be serialized is refused when its serializer is built', () => {
  assert.throws(() => serializerOf({ type: 'object', properties: { a: { $ref: '#/none' } } }))
})

test('a response has only the members of its schema, and responses with the same schema share one serializer', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } } }
  assert.equal(serializerOf(schema)({ a: 'x', b: 'y' }), '{"a":"x"}')
  assert.equal(serializerOf(schema), serializerOf(schema))
})
