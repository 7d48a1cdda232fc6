import { batch, effect } from '@preact/signals'
import { queryText, request, RequestError } from '../api/client.ts'
import type { History, Price } from '../api/schemas.ts'
import { hasPrice, rows, selectedKey, selectPrice, sought, type Row, type Sought } from './market/rows.ts'
import { providers } from './providers.ts'
import { MAX_AGE_SECONDS } from './symbols/latest.ts'

const RETRY_MS = 2_000

/**
 * Finds the row that a link names; without a provider, that of a provider with prices of it. Only stored prices are read,
 * so no link can cause a request to a provider.
 */
export function resolveLinks(): void {
  // Whatever else is selected replaces the link.
  effect(() => {
    if (selectedKey.value !== undefined) sought.value = undefined
  })
  effect(() => {
    const link = sought.value
    if (link === undefined || rows.value === undefined || providers.value.length === 0) return
    const row = listedRow(link, rows.value)
    if (row) select(row, () => (selectedKey.value = row.key))
    else if (!link.isMissing) void search(link)
  })
}

/** The default provider is preferred, then one with a price. */
function listedRow(link: Sought, listed: readonly Row[]): Row | undefined {
  const named = listed.filter(
    ({ symbol, provider }) => symbol === link.symbol && provider === (link.provider ?? provider),
  )
  const priced = named.filter(hasPrice)
  return priced.find(isDefault) ?? priced[0] ?? named.find(isDefault) ?? named[0]
}

function isDefault({ provider }: Row): boolean {
  return providers.peek().some((one) => one.is_default && one.provider === provider)
}

/** The link is completed in place: Back must not return to the shorter one. */
function select({ symbol, provider }: Pick<Row, 'symbol' | 'provider'>, choose: () => void): void {
  const query = new URLSearchParams(location.search)
  const others = { range: query.get('range') ?? undefined, average: query.get('average') ?? undefined }
  history.replaceState(null, '', location.pathname + queryText({ symbol, provider, ...others }) + location.hash)
  batch(() => {
    choose()
    sought.value = undefined
  })
}

let searched: Sought | undefined

/** For a symbol that is not listed, of which the service may have prices all the same. */
async function search(link: Sought): Promise<void> {
  if (searched === link) return
  searched = link
  try {
    const found = await findPrice(link)
    if (sought.peek() !== link) return
    if ('price' in found) select(found, () => selectPrice(found))
    else sought.value = { ...link, isMissing: true, others: found.others }
  } catch {
    searched = undefined
    setTimeout(() => sought.peek() === link && void search(link), RETRY_MS)
  }
}

type Nowhere = { readonly others: readonly string[] }

async function findPrice({ symbol, provider }: Sought): Promise<Price | Nowhere> {
  const { data, others = [] } = await readOne({ symbol, provider })
  const source = data.length > 0 ? provider : others[0]
  if (data.length === 0 && (provider !== undefined || source === undefined)) return { others }
  const query = { symbol, provider: source, max_age: MAX_AGE_SECONDS, stale_if_error: true }
  const latest = await request('GET /prices/latest', { query })
  return 'price' in latest ? latest : { others }
}

/** `others` names the providers that have prices of the symbol if this one has none. */
type OnePrice = Pick<History, 'data' | 'others'>

async function readOne(name: { symbol: string; provider: string | undefined }): Promise<OnePrice> {
  try {
    return await request('GET /prices/history', { query: { ...name, limit: 1 } })
  } catch (error) {
    const isRefused = error instanceof RequestError && ['unknown_provider', 'invalid_request'].includes(error.code)
    if (isRefused) return { data: [] }
    throw error
  }
}
