import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createHttpService } from '../../support/http-service.ts'
import { replyAsYahoo } from '../../support/yahoo-replies.ts'

// Replies of Yahoo that other programs misread, each made for a report. They are not part of this repository.
const FILE = fileURLToPath(new URL('../../../../shared/faults/inputs/yahoo-replies.jsonl', import.meta.url))
const skip = !existsSync(FILE)

type Case = { readonly case: string; readonly ask: string; readonly reply: unknown }

function readCases(): readonly Case[] {
  return readFileSync(FILE, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Case)
}

/** Some seconds after the latest time of the replies, which are told as if it was now. */
const AFTER_THE_REPLIES = 1_795_910_010

/** A service whose provider answers with the reply of a case, read by the real parser. */
async function createAnswered(t: TestContext) {
  const { ask, source } = await createHttpService(t)
  const cases = readCases()
  let body = ''
  replyAsYahoo(source, () => body)
  const sinceThen = Math.floor(Date.now() / 1_000) - AFTER_THE_REPLIES
  return {
    ask,
    /** From now on the provider sends the reply of the case whose name begins like this. @returns what it was asked for */
    answerWith: (name: string): string => {
      const found = cases.find((one) => one.case.startsWith(name))
      assert.ok(found, name)
      body = JSON.stringify(found.reply).replaceAll(
        /(?<="regularMarketTime":)\d+/g,
        (at) => `${Number(at) + sinceThen}`,
      )
      return found.ask
    },
  }
}

test(
  'yahoo-replies.jsonl: a price in fils, an index with an underscore and a tiny coin are answered as sent',
  { skip },
  async (t) => {
    const { ask, answerWith } = await createAnswered(t)
    const latest = async (name: string) => (await ask(`/prices/latest?symbol=${answerWith(name)}&max_age=0`)).json()
    const fils = await latest('minor unit KWF')
    assert.deepEqual([fils.price, fils.currency, fils.unit], [1_025, 'KWF', { major: 'KWD', per_major: 1_000 }])
    assert.equal((await latest('underscore')).price, 21_500.5)
    const { text } = await ask(`/prices/latest?symbol=${answerWith('first price of a small coin')}&max_age=0`)
    assert.match(text, /"price":0\.00000714,/)
  },
)

test(
  'yahoo-replies.jsonl: a renamed symbol is said to be, and changes nothing for the others of its batch',
  { skip },
  async (t) => {
    const { ask, answerWith } = await createAnswered(t)
    const { data } = (await ask(`/prices/latest?symbols=${answerWith('rename in a batch')}&max_age=0`)).json()
    const [renamed, unknown, known] = data
    assert.deepEqual(
      [renamed.error.code, unknown.error.code, known.price],
      ['provider_bad_data', 'symbol_not_found', 196.45],
    )
    assert.match(renamed.error.detail, /answers META instead/)
  },
)

test('yahoo-replies.jsonl: a good symbol that is left out once is the failure of its provider', { skip }, async (t) => {
  const { ask, answerWith } = await createAnswered(t)
  answerWith('rename in a batch')
  assert.equal((await ask('/prices/latest?symbol=AAPL')).status, 200)
  const path = `/prices/latest?symbol=${answerWith('a good symbol left out once')}&max_age=0`
  const { status, json } = await ask(path)
  assert.deepEqual(
    [status, json().code, json().retryable, json().last_known.price],
    [502, 'provider_bad_data', true, 196.45],
  )
  const stale = await ask(`${path}&stale_if_error=true`)
  assert.deepEqual([stale.status, stale.json().price], [200, 196.45])
})

test('yahoo-replies.jsonl: pence that become pounds are two series, and no change is made up', { skip }, async (t) => {
  const { ask, answerWith } = await createAnswered(t)
  const path = `/prices/latest?symbol=${answerWith('unit flips, first pence')}&max_age=0`
  const pence = (await ask(path)).json()
  assert.deepEqual([pence.price, pence.currency, pence.change], [7_350, 'GBp', 10])
  answerWith('unit flips, then pounds')
  const pounds = (await ask(path)).json()
  assert.deepEqual([pounds.price, pounds.currency, pounds.change], [73.51, 'GBP', 0.11])
  const { data } = (await ask('/prices/history?symbol=VOD.L')).json()
  assert.deepEqual(
    data.map(({ price, currency }: { price: number; currency: string }) => `${price} ${currency}`),
    ['73.51 GBP', '7350 GBp'],
  )
})
