import assert from 'node:assert/strict'
import test from 'node:test'
import { CALENDAR_TABLES } from '../../../src/core/calendar/exchanges.ts'
import { isOpen } from '../../../src/core/calendar/sessions.ts'
import { micOfYahoo } from '../../../src/core/calendar/yahoo-exchanges.ts'
import { recordings, recordingsAbsent, type Recording } from '../../support/yahoo-recordings.ts'

const skip = recordingsAbsent

type RecordedQuote = { symbol: string; exchange?: string; marketState?: string; exchangeTimezoneName?: string }

/** What the calendar must answer for `regular` and `extended` when Yahoo reports a state. */
const OPEN: Readonly<Record<string, readonly [regular: boolean, extended: boolean]>> = {
  PREPRE: [false, false],
  PRE: [false, true],
  REGULAR: [true, true],
  POST: [false, true],
  POSTPOST: [false, false],
  CLOSED: [false, false],
}

test('an exchange code of Yahoo names an exchange that has a calendar', () => {
  const codes = 'NMS NGM NCM NYQ ASE PCX BTS PNK TOR VAN LSE GER PAR AMS EBS MIL MCE BRU LIS STO CPH HEL OSL'
  const others = 'JPX HKG KSC KOE TAI TWO SHH SHZ SES ASX NZE NSI BSE'
  for (const code of `${codes} ${others}`.split(' ')) assert.ok(CALENDAR_TABLES.has(micOfYahoo(code) ?? ''), code)
  const [mics, calendars] = [new Set(`${codes} ${others}`.split(' ').map(micOfYahoo)), new Set(CALENDAR_TABLES.keys())]
  assert.deepEqual(mics, calendars)
})

test('coins, currencies, futures, and exchanges whose hours are not known have no calendar', () => {
  for (const code of ['CCC', 'CCY', 'CMX', 'WCB', 'JKT', 'IOB', 'FRA', 'YHD', '', 'nms']) {
    assert.equal(micOfYahoo(code), undefined, code)
  }
})

test(
  'the calendar is open when a recorded reply of Yahoo reports a session, and closed when it reports none',
  { skip },
  () => {
    const checked = [...recordings('yf2-2025/quote'), ...recordings('yf2-2021/quote-market-hours')].flatMap((one) =>
      quotesOf(one).filter((quote) => check(quote, momentOf(one))),
    )
    assert.ok(checked.length >= 40, `only ${checked.length} quotes were checked`)
  },
)

/** False for a quote whose exchange has no calendar. */
function check(
  { symbol, exchange = '', marketState = '', exchangeTimezoneName }: RecordedQuote,
  atMs: number,
): boolean {
  const mic = micOfYahoo(exchange)
  if (mic === undefined) return false
  assert.equal(CALENDAR_TABLES.get(mic)?.zone, exchangeTimezoneName)
  const open = [isOpen(mic, 'regular', atMs), isOpen(mic, 'extended', atMs)]
  assert.deepEqual(open, OPEN[marketState], `${symbol}, ${marketState} at ${new Date(atMs).toISOString()}`)
  return true
}

function quotesOf({ json }: Recording): readonly RecordedQuote[] {
  const body = json as { quoteResponse?: { result?: readonly RecordedQuote[] } } | undefined
  return body?.quoteResponse?.result?.filter(({ marketState }) => marketState !== undefined) ?? []
}

function momentOf({ answer }: Recording): number {
  const headers: Readonly<Record<string, unknown>> = answer.headers ?? {}
  return Date.parse(String(headers['date']))
}
