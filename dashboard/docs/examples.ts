import type { Call, Parameter } from './document.ts'

/** Values that exist in this service, by the name of a member, so that each call succeeds as it is shown. */
export type Examples = Readonly<Record<string, string>>

/** Parameters that are filled in; the others are optional and show their example as a placeholder. */
export const FILLED: ReadonlySet<string> = new Set(['symbol', 'provider', 'q'])

/** If nothing is stored yet: the simulated provider knows every symbol, without a network. */
const WITHOUT_PRICES = { symbol: 'AAPL', provider: 'simulated' }

/** Reads what the service has. A call that is refused leaves its values out. */
export async function readExamples(read: (path: string) => Promise<unknown>): Promise<Examples> {
  const [job, stored, key] = await Promise.all(['prices/poll', 'symbols', 'keys'].map((path) => oneOf(read, path)))
  const { symbol, provider } = { ...WITHOUT_PRICES, ...picked(job ?? stored, 'symbol', 'provider') }
  const query = new URLSearchParams({ symbol, provider, limit: '1' })
  const price = await oneOf(read, `prices/history?${query}`)
  return {
    symbol,
    provider,
    q: symbol,
    ...picked(price, 'price_id', 'raw_response_id'),
    ...picked(job, 'job_id'),
    ...(typeof key?.['id'] === 'string' && { key_id: key['id'] }),
  }
}

type Row = Readonly<Record<string, unknown>>

/** The row of the best-known symbol, if the list has it, else the first one. */
async function oneOf(read: (path: string) => Promise<unknown>, path: string): Promise<Row | undefined> {
  const answer = await read(path).catch(() => undefined)
  const rows = (answer as { data?: readonly Row[] } | undefined)?.data ?? []
  return rows.find((row) => row['symbol'] === WITHOUT_PRICES.symbol) ?? rows[0]
}

function picked(row: Row | undefined, ...names: readonly string[]): Record<string, string> {
  const known = names.filter((name) => typeof row?.[name] === 'string')
  return Object.fromEntries(known.map((name) => [name, String(row?.[name])]))
}

/** What a field holds at first: nothing, if the call works without it. */
export function startValue({ path }: Call, { name, required }: Parameter, examples: Examples): string {
  if (!required && !FILLED.has(name)) return ''
  return examples[exampleName(path, name)] ?? ''
}

/** The name of the example that a path parameter takes: `/prices/{id}/lineage` a `price_id`, and `/raw-responses/{id}` a `raw_response_id`. */
export function exampleName(path: string, name: string): string {
  if (name !== 'id') return name
  return path.startsWith('/raw-responses/') ? 'raw_response_id' : 'price_id'
}
