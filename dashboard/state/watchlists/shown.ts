import { computed, signal } from '@preact/signals'
import { rowOf, rows, type Row } from '../market/rows.ts'
import { shownList } from './watchlists.ts'

/** What the rows can be ordered by. */
export type Order = 'symbol' | 'price' | 'change' | 'percent' | 'market' | 'age'
export type Sorting = { readonly by: Order; readonly isDescending: boolean }

/** What the symbols, names and providers are filtered by. */
export const filterText = signal('')
/** Undefined: the order of the list, which is the person's own, or by symbol for all symbols. */
export const sorting = signal<Sorting | undefined>(undefined)

/** Rows are not sorted at each price: they would move while a person reads them. */
const sortedAt = signal(0)
const SORT_AGAIN_MS = 5_000

export function startSorting(): void {
  setInterval(() => {
    if (sorting.peek() !== undefined && !document.hidden) sortedAt.value++
  }, SORT_AGAIN_MS)
}

/** First ascending, then descending, then in the list's order again. */
export function sortBy(by: Order): void {
  const { by: before, isDescending } = sorting.value ?? {}
  if (before !== by) sorting.value = { by, isDescending: false }
  else sorting.value = isDescending ? undefined : { by, isDescending: true }
}

/** The rows of the shown list, without filter; undefined until the service has listed them. */
export const listedRows = computed<readonly Row[] | undefined>(() => {
  const all = rows.value
  const own = shownList.value
  if (own === undefined || all === undefined) return all
  return own.keys.flatMap((key) => rowOf(key) ?? [])
})

const filteredRows = computed(() => (listedRows.value ?? []).filter(matcherOf(filterText.value)))

/** The rows to show, in their order. */
export const shownRows = computed<readonly Row[]>(() => {
  const order = sorting.value
  if (order === undefined || sortedAt.value < 0) return filteredRows.value
  return sorted(filteredRows.value, order)
})

/** Rows of all symbols that the filter finds and the person's list, if one is shown, lacks. */
export const addableRows = computed<readonly Row[]>(() => {
  const own = shownList.value
  if (own === undefined || filterText.value.trim() === '') return []
  const keys = new Set(own.keys)
  return (rows.value ?? []).filter((row) => !keys.has(row.key)).filter(matcherOf(filterText.value))
})

function matcherOf(filter: string): (row: Row) => boolean {
  const text = filter.trim().toUpperCase()
  return ({ key, details }) => text === '' || `${key} ${details.value.name ?? ''}`.toUpperCase().includes(text)
}

/** Rows without a value are last in either direction. Values are read once, and not followed. */
function sorted(rowsToSort: readonly Row[], { by, isDescending }: Sorting): readonly Row[] {
  const valued = rowsToSort.map((row) => ({ row, value: VALUES[by](row) }))
  const direction = isDescending ? -1 : 1
  valued.sort((a, b) => {
    if (a.value === undefined || b.value === undefined)
      return Number(a.value === undefined) - Number(b.value === undefined)
    return a.value < b.value ? -direction : Number(a.value > b.value) * direction
  })
  return valued.map(({ row }) => row)
}

/** Numbers here order rows and are never shown, so that their last digits do not matter. */
const VALUES: Readonly<Record<Order, (row: Row) => string | number | undefined>> = {
  symbol: ({ key }) => key,
  price: ({ quote }) => numberOf(quote.peek()?.price),
  change: ({ quote }) => numberOf(quote.peek()?.change),
  percent: ({ quote }) => numberOf(quote.peek()?.changePercent),
  market: ({ status }) => status.peek()?.freshness,
  age: ({ quote }) => {
    const madeAt = quote.peek()?.madeAt
    return madeAt && -madeAt
  },
}

function numberOf(decimal: string | undefined): number | undefined {
  return decimal === undefined ? undefined : Number(decimal)
}
