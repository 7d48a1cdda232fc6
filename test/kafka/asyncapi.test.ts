import assert from 'node:assert/strict'
import { test } from 'node:test'
import specification from '@asyncapi/specs/schemas/3.1.0.json' with { type: 'json' }
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import { asyncApiDocument, asyncApiYaml } from '../../src/kafka/asyncapi.ts'
import { toMessage } from '../../src/kafka/message.ts'
import type { Decimal } from '../../src/lib/decimal.ts'
import type { Instant } from '../../src/lib/instant.ts'

const IDENTITY = { version: '1.2.3', topic: 'price-events' }

test('the document is valid AsyncAPI 3.1 by the official schema', () => {
  // The schema contains that of JSON Schema.
  const ajv = new Ajv({ strict: false, validateFormats: false, meta: false, validateSchema: false })
  const validate = ajv.compile(specification)
  assert.ok(validate(parse(asyncApiYaml(IDENTITY))), ajv.errorsText(validate.errors))
})

test('the YAML equals the document', () => {
  assert.deepEqual(parse(asyncApiYaml(IDENTITY)), asyncApiDocument(IDENTITY))
})

test('our messages match the document', () => {
  const { headers, value } = toMessage({
    position: { epoch: '1', xid: '7', id: '2' },
    priceId: '2',
    seriesId: '1',
    symbol: 'BRK.B',
    provider: 'yfinance',
    currency: null,
    price: '0.000000000000000001' as Decimal,
    eventTime: '2025-06-15T20:30:27Z' as Instant,
    rawResponseId: '1',
    correction: false,
  })
  const { price } = parse(asyncApiYaml(IDENTITY)).components.messages
  const ajv = addFormats.default(new Ajv({ strict: false, allErrors: true }))
  const check = (schema: object, data: unknown) => assert.ok(ajv.validate(schema, data), ajv.errorsText())
  check(price.payload, JSON.parse(String(value)))
  check(price.headers, Object.fromEntries([...headers].map(([name, text]) => [String(name), String(text)])))
})
