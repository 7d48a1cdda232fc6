import { effect } from '@preact/signals'
import { jobs } from '../jobs.ts'
import { readLocal, writeLocal } from '../local-storage.ts'
import { isListComplete, stored } from '../symbols/stored.ts'
import { keyOf, openingKey, rows, selectedKey, sought, type Row } from './rows.ts'

const STORAGE_KEY = 'last-symbol'

/**
 * Selects a row while neither a person nor a link has: the one that was last looked at in this browser, else the one with
 * the newest price. Until there is a price, the first row is shown.
 */
export function startOpening(): void {
  effect(() => {
    if (selectedKey.value !== undefined || sought.value) return
    const listed = rows.value ?? []
    const lastKey = readLocal(STORAGE_KEY)
    const last = listed.find(({ key }) => key === lastKey)
    if (last === undefined && (!isListComplete.value || mayBeListed(lastKey))) return
    selectedKey.value = last?.key ?? newestOf(listed)
    openingKey.value = listed[0]?.key
  })
  effect(() => {
    if (selectedKey.value !== undefined) writeLocal(STORAGE_KEY, selectedKey.value)
  })
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
