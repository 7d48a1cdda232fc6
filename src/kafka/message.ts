import { hash } from 'node:crypto'
import { Type, type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import type { PriceReference } from '../core/events/price-reference.ts'
import type { DeadLetterReason } from '../core/events/dead-letter.ts'
import { wrongPrice } from '../core/ingest/validate-quote.ts'
import { PriceMessage, priceMessageBody } from '../formats/price-event.ts'
import { parseDecimal } from '../lib/decimal.ts'
import { parseInstant } from '../lib/instant.ts'
import type { LogEntry } from '../core/log/entry.ts'
import { parsePosition, positionText } from '../core/log/position.ts'
import type { OutgoingMessage } from './client/outgoing.ts'

/** What we read of an incoming message. */
export type IncomingMessage = {
  readonly value: Buffer | null | undefined
  readonly headers: Iterable<readonly [Buffer | null | undefined, Buffer | null | undefined]>
}

export type Fault = { readonly reason: DeadLetterReason; readonly detail: string }
export type Reading = { readonly reference: PriceReference } | { readonly fault: Fault }

/** The headers of our own messages, all of them text. Other senders do not need any. */
export const PriceHeaders = Type.Object(
  {
    'content-type': Type.Literal('application/json'),
    ce_specversion: Type.Literal('1.0'),
    ce_id: Type.String({ description: 'The same for every repetition of an event: use it to drop duplicates.' }),
    ce_source: Type.Literal('/market-data/prices'),
    ce_type: Type.Literal('market-data.price.recorded'),
    ce_subject: Type.String({ description: 'The symbol.' }),
    ce_time: Type.String({ format: 'date-time', description: 'The timestamp of the price.' }),
    'mds.position': Type.String({
      pattern: '^[0-9]+-[0-9]+-[0-9]+$',
      description: 'Position of the price in the log: epoch, transaction, price. Increases within a symbol.',
    }),
    'mds.currency': Type.Optional(
      Type.String({ description: 'Currency of the price as the provider wrote it, if known: `GBp` is pence.' }),
    ),
    'mds.sha256': Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the bytes of the value, in hex.' }),
  },
  { title: 'PriceHeaders' },
)

const FIXED = {
  'content-type': 'application/json',
  ce_specversion: '1.0',
  ce_source: '/market-data/prices',
  ce_type: 'market-data.price.recorded',
}
const fixedHeaders = Object.entries(FIXED).map(([name, value]) => [Buffer.from(name), Buffer.from(value)] as const)
const CE_ID = Buffer.from('ce_id')
const CE_SUBJECT = Buffer.from('ce_subject')
const CE_TIME = Buffer.from('ce_time')
const POSITION = Buffer.from('mds.position')
const CURRENCY = Buffer.from('mds.currency')
const SHA256 = Buffer.from('mds.sha256')
/** The name of `mds.position` in version 0.1.0, whose messages may still be on the topic. */
const OLD_POSITION = Buffer.from('mds.place')

/** A log entry as a message. */
export function toMessage(entry: LogEntry): OutgoingMessage {
  const { symbol, eventTime, currency } = entry
  const value = Buffer.from(JSON.stringify(priceMessageBody(entry)))
  const position = Buffer.from(positionText(entry.position))
  const headers = new Map<Buffer, Buffer>(fixedHeaders)
    .set(CE_ID, position)
    .set(CE_SUBJECT, Buffer.from(symbol))
    .set(CE_TIME, Buffer.from(eventTime))
    .set(POSITION, position)
    .set(SHA256, Buffer.from(hash('sha256', value)))
  if (currency !== null) headers.set(CURRENCY, Buffer.from(currency))
  return { key: Buffer.from(symbol), value, headers }
}

const checker = Compile(PriceMessage)

/** Reads a message of any sender. A reference that it returns is safe to query the database with. */
export function readMessage({ value, headers }: IncomingMessage): Reading {
  if (!value) return fault('not_json', 'The message has no value.')
  const { position: positionHeader, sha256 } = ourHeaders(headers)
  if (sha256 !== undefined && sha256 !== hash('sha256', value)) {
    return fault('hash_mismatch', 'The value does not match the header mds.sha256.')
  }
  const parsed = parseJson(value)
  if (parsed === undefined) return fault('not_json', 'The value is not JSON in UTF-8.')
  if (!checker.Check(parsed.body)) return fault('wrong_fields', describeErrors(parsed.body))
  const position = parsePosition(positionHeader ?? '')
  const reading = readMembers(parsed.body, parsed.price)
  return 'fault' in reading || position === undefined ? reading : { reference: { ...reading.reference, position } }
}

function readMembers(body: Static<typeof PriceMessage>, priceText: string): Reading {
  const price = parseDecimal(priceText)
  const eventTime = parseInstant(body.timestamp)
  if (price === undefined || wrongPrice(price)) {
    return fault('wrong_fields', '/price must be at least 1e-18 and below 1e15')
  }
  if (eventTime === undefined) return fault('wrong_fields', '/timestamp must be an RFC 3339 time')
  const { symbol, provider, raw_response_id: rawResponseId } = body
  return { reference: { symbol, provider, eventTime, price, rawResponseId } }
}

function fault(reason: DeadLetterReason, detail: string): Reading {
  return { fault: { reason, detail } }
}

function ourHeaders(headers: IncomingMessage['headers']): { position?: string; sha256?: string } {
  const found: { position?: string; sha256?: string } = {}
  for (const [name, value] of headers) {
    if (!name || !value) continue
    if (name.equals(POSITION) || name.equals(OLD_POSITION)) found.position = value.toString('latin1')
    if (name.equals(SHA256)) found.sha256 = value.toString('latin1')
  }
  return found
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** The parsed JSON, and the price's own text: the number in the JSON is a float. */
function parseJson(bytes: Buffer): { body: unknown; price: string } | undefined {
  const prices = new Map<unknown, string>()
  // `this` is the object that contains the member: nested objects may have a price, too.
  const keepPrice: Reviver = function (key, value, { source }) {
    if (key === 'price' && source !== undefined) prices.set(this, source)
    return value
  }
  try {
    const body: unknown = JSON.parse(decoder.decode(bytes), keepPrice as Parameters<typeof JSON.parse>[1])
    return { body, price: prices.get(body) ?? '' }
  } catch {
    return undefined
  }
}

/** TypeScript's library does not declare the third argument yet. */
type Reviver = (
  this: unknown,
  ...member: [name: string, value: unknown, context: { readonly source?: string }]
) => unknown

function describeErrors(body: unknown): string {
  const errors = [...checker.Errors(body)].map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
  return errors.slice(0, 5).join('; ') || 'wrong fields'
}
