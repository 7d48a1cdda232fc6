import type { Clock } from '../../lib/clock.ts'
import { decimalFromUnits, type Decimal } from '../../lib/decimal.ts'
import { instantFromMillis } from '../../lib/instant.ts'
import type { QuoteProvider } from '../../core/prices/quote.ts'
import type { ReplyParser } from '../transport/provider-definition.ts'
import { localReply, parseLocalReply, type LocalQuote } from '../transport/local-reply.ts'

type Needs = { readonly seed: string; readonly clock: Clock }

const NOTE = 'Simulated prices: a random walk made by this service. They are nobody’s real prices.'
const PARSER_VERSION = 1

/** Where the well-known symbols wander around, in cents. */
const HOME_CENTS: Readonly<Record<string, number>> = {
  AAPL: 19_645,
  MSFT: 47_512,
  NVDA: 14_220,
  TSLA: 32_531,
  'BTC-USD': 10_512_000,
}

/** Waves of 1 s, 2 s, 4 s … 2^20 s (12 days) on top of each other. */
const OCTAVES = 21
/** How far the wave of one second swings, in millionths of the price; slower ones swing wider, by the root of their length. */
const SWING_PPM = 150
const DAY_SECONDS = 86_400

export const simulatedParser: ReplyParser = { parserVersion: PARSER_VERSION, parseReply: parseLocalReply }

/**
 * Prices without a network and without a key: a random walk that is a pure function of seed, symbol and second, so
 * that yesterday's prices can be computed today. Every reply says that it is simulated.
 */
export function createSimulated({ seed, clock }: Needs): QuoteProvider {
  return {
    name: 'simulated',
    description: 'A labelled random walk; needs no network and no key. Not real prices.',
    ...simulatedParser,
    maxBatch: 500,
    advisedIntervalSeconds: 1,
    fetchReply: async (symbols, signal) => {
      signal.throwIfAborted()
      const second = Math.floor(clock.now() / 1000)
      const quotes = symbols.map((symbol) => simulatedQuote(seed, symbol, second))
      const asked = { symbols, request: `simulated ${symbols.join(',')}`, parserVersion: PARSER_VERSION }
      return localReply({ provider: 'simulated', note: NOTE, quotes }, asked, clock)
    },
  }
}

/**
 * The simulated price at a whole second, two decimals. Whole numbers only, so that it is the same on every machine:
 * value noise in octaves whose swing grows with the root of their length moves as a random walk does, without the
 * need to walk, and never strays more than about half of the starting price.
 */
export function simulatedPrice(seed: string, symbol: string, epochSeconds: number): Decimal {
  const key = hashText(`${seed}\n${symbol}`)
  const home = HOME_CENTS[symbol] ?? 1000 + (key % 49_000)
  let ppm = 1_000_000
  for (let octave = 0; octave < OCTAVES; octave++) ppm += wave(key, octave, epochSeconds)
  return decimalFromUnits(BigInt(Math.round((home * ppm) / 1_000_000)), 2)
}

function simulatedQuote(seed: string, symbol: string, second: number): LocalQuote {
  return {
    symbol,
    price: simulatedPrice(seed, symbol, second),
    timestamp: instantFromMillis(second * 1000),
    currency: 'USD',
    previous_close: simulatedPrice(seed, symbol, second - (second % DAY_SECONDS)),
    market_state: 'always',
    delay_seconds: 0,
  }
}

/** A straight line between the random heights at both ends of the wave's current stretch, in millionths. */
function wave(key: number, octave: number, second: number): number {
  const length = 2 ** octave
  const swing = Math.round(SWING_PPM * Math.sqrt(length))
  const stretch = Math.floor(second / length)
  const height = (at: number): number => (hashNumber(hashNumber(key ^ octave) ^ at) % (2 * swing + 1)) - swing
  const [from, to] = [height(stretch), height(stretch + 1)]
  return from + Math.round(((to - from) * (second % length)) / length)
}

/** FNV-1a over the text's UTF-16 units. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hashNumber(hash)
}

/** MurmurHash3's last step: neighbouring numbers become unrelated ones. */
function hashNumber(number: number): number {
  let hash = number | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
