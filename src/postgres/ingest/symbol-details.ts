import type pg from 'pg'
import type { QuoteResult, RawReply, SymbolDetails } from '../../core/prices/quote.ts'

/** What is to be written of a reply; `onStored` is called once it is durable. */
export type NewDetails = { write(client: pg.PoolClient): Promise<void>; onStored(): void }

/** The most symbols in memory; beyond that the memory starts again. */
const MAX_KNOWN = 100_000

/**
 * Keeps what a provider says about its symbols. It hardly ever changes, so what this process has stored before is not
 * written again.
 */
export function createSymbolDetails() {
  let known = new Map<string, string>()

  return (reply: RawReply, results: readonly QuoteResult[]): NewDetails | undefined => {
    const changed = results.flatMap((result) => {
      if (!('quote' in result) || !result.details) return []
      const key = `${reply.provider} ${result.symbol}`
      const text = JSON.stringify(result.details)
      return known.get(key) === text ? [] : [{ key, text, symbol: result.symbol, details: result.details }]
    })
    if (changed.length === 0) return undefined
    return {
      write: (client) => writeDetails(client, reply, changed),
      onStored: () => {
        if (known.size > MAX_KNOWN) known = new Map()
        for (const { key, text } of changed) known.set(key, text)
      },
    }
  }
}

type Changed = { readonly symbol: string; readonly details: SymbolDetails }

async function writeDetails(client: pg.PoolClient, reply: RawReply, changed: readonly Changed[]): Promise<void> {
  const rows = changed.map(({ symbol, details }) => ({ symbol, ...details }))
  await client.query(WRITE_DETAILS, [reply.provider, JSON.stringify(rows), reply.receivedAt])
}

/** In order, so that two replies never wait for each other. Of a symbol that is there twice, one counts. */
const WRITE_DETAILS = `
  insert into symbol_details as d (provider, symbol, name, exchange, exchange_code, type, updated_at)
  select distinct on (q.symbol) $1, q.symbol, q.name, q.exchange, q."exchangeCode", q.type, $3
    from jsonb_to_recordset($2::jsonb) as q (symbol text, name text, exchange text, "exchangeCode" text, type text)
   order by q.symbol
  on conflict (provider, symbol) do update set
    name = excluded.name, exchange = excluded.exchange, exchange_code = excluded.exchange_code, type = excluded.type,
    updated_at = excluded.updated_at
   where (d.name, d.exchange, d.exchange_code, d.type)
         is distinct from (excluded.name, excluded.exchange, excluded.exchange_code, excluded.type)`
