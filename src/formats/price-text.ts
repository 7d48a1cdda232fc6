import { freshnessSpan, type Span } from '../core/prices/freshness.ts'
import type { StoredPrice } from '../core/prices/quote.ts'
import { millisOf } from '../lib/instant.ts'
import { priceBody } from './price.ts'

/** The text before and after the age, valid within a span of time. */
type Written = Span & { readonly eventMs: number; readonly head: string; readonly tail: string }

/** The text of a price at a time, in milliseconds since 1970. */
export type PriceText = (price: StoredPrice, now: number) => string

/**
 * Writes prices as `JSON.stringify(priceBody(price, now))` would, digit for digit. The text of a price is written once and
 * only its age is filled in, until its freshness changes.
 */
export function createPriceText(): PriceText {
  const texts = new WeakMap<StoredPrice, Written>()
  return (price, now) => {
    const known = texts.get(price)
    const written = known && known.from <= now && now < known.until ? known : write(price, now)
    if (written !== known) texts.set(price, written)
    return `${written.head}${Math.max(0, now - written.eventMs)}${written.tail}`
  }
}

/** A quote inside a text is escaped, so only the member itself is written like this. */
const AGE = '"age_ms":'

function write(price: StoredPrice, now: number): Written {
  const body = priceBody(price, now)
  const text = JSON.stringify(body)
  const at = text.indexOf(AGE) + AGE.length
  return {
    ...freshnessSpan(price, now),
    eventMs: millisOf(price.eventTime),
    head: text.slice(0, at),
    tail: text.slice(at + String(body.age_ms).length),
  }
}
