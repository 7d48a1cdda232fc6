import { batch, effect } from '@preact/signals'
import type { PriceEvent } from '../../api/stream.ts'
import { jobs } from '../jobs.ts'
import { poll, type Poll } from '../poll.ts'
import { createLatestReader } from '../symbols/latest.ts'
import { listSymbols, stored } from '../symbols/stored.ts'
import { forgetPrices, hasRow, keyOf, listRows, selected, showDetails, showLatest, showPrices } from './rows.ts'

const REFRESH_MS = 5_000
/** A symbol that is new here comes with its first price or its job, so the whole list is rarely read again. */
const LIST_MS = 60_000

let polling: Poll | undefined
let listedAt = -Infinity
let isListIncomplete = false
const latestReader = createLatestReader()
const listeners = new Set<(events: readonly PriceEvent[]) => void>()

/** Reports which rows are on the screen: the service is asked for their state most often. */
export const reportVisible = latestReader.reportVisible

/** Keeps the rows up to date; pass the events of the stream to what it returns. */
export function followPrices(): (events: readonly PriceEvent[]) => void {
  // A job's symbol is listed before its first price.
  effect(() => {
    if (stored.value) listRows([...stored.value, ...(jobs.value ?? [])])
  })
  effect(() => showDetails(stored.value ?? []))
  polling = poll(REFRESH_MS, refresh)
  return (events) => {
    batch(() => showPrices(events))
    if (!events.every(hasRow)) listAgain()
    for (const listener of listeners) listener(events)
  }
}

/** Subscribes to every price of the stream; call what it returns to unsubscribe. */
export function onPrices(listener: (events: readonly PriceEvent[]) => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

/** Forgets the prices that are shown, and reads them again: those of another database would look newer. */
export function reloadPrices(): void {
  forgetPrices()
  listAgain()
}

function listAgain(): void {
  isListIncomplete = true
  polling?.now()
}

async function refresh(): Promise<void> {
  if (isListIncomplete || performance.now() - listedAt > LIST_MS) {
    await listSymbols()
    isListIncomplete = false
    listedAt = performance.now()
  }
  const keys = (stored.peek() ?? []).map(keyOf)
  const shown = selected.peek()?.key
  await latestReader.read({ keys, first: shown === undefined ? [] : [shown] }, (prices) =>
    batch(() => {
      for (const price of prices) showLatest(price)
    }),
  )
}
