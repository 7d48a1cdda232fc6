import { computed, effect } from '@preact/signals'
import { jobs } from '../jobs.ts'
import { readLocal, writeLocal } from '../local-storage.ts'
import { isListComplete, stored } from '../symbols/stored.ts'
import { hasPrice, keyOf, openingKey, rows, selected, selectedKey, type Row } from './rows.ts'

const STORAGE_KEY = 'last-symbol'

/**
 * Decides which row is shown while none has been chosen: the one that was last looked at in this browser, else the one with
 * the newest price, else the first. It decides once: a newer price elsewhere does not take the chart from its reader.
 */
export function startOpening(): void {
  const lastKey = readLocal(STORAGE_KEY)
  let decided: string | undefined
  effect(() => {
    const listed = rows.value ?? []
    if (listed.some(({ key }) => key === decided)) return
    decided = listed.find(({ key }) => key === lastKey)?.key
    if (decided === undefined && (!isListComplete.value || mayBeListed(lastKey))) return
    decided ??= newestOf(listed)
    openingKey.value = decided ?? listed[0]?.key
  })
  const seenKey = computed(seen)
  effect(() => {
    if (seenKey.value !== undefined) writeLocal(STORAGE_KEY, seenKey.value)
  })
}

/** The key of the row that is looked at. The first of rows without prices is only a stopgap. */
function seen(): string | undefined {
  const row = selected.value
  return row && (selectedKey.value === row.key || hasPrice(row)) ? row.key : undefined
}

/** A symbol without a price is listed once its job is known. */
function mayBeListed(key: string | undefined): boolean {
  return key !== undefined && jobs.value === undefined
}

/** Of several in the same moment the first. The service has listed their times before any price has been read. */
function newestOf(listed: readonly Row[]): string | undefined {
  const times = new Map((stored.value ?? []).map((one) => [keyOf(one), Date.parse(one.last_price_at ?? '')]))
  let newest: { readonly key: string; readonly at: number } | undefined
  for (const { key, quote } of listed) {
    const at = quote.value?.madeAt ?? times.get(key) ?? Number.NaN
    if (at > (newest?.at ?? -Infinity)) newest = { key, at }
  }
  return newest?.key
}
