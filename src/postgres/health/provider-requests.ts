import type pg from 'pg'
import type { HourCount } from '../../core/health/provider-requests.ts'
import type { Instant } from '../../lib/instant.ts'

/** The counts of requests to providers, of all processes. */
export function createRequestTable(pool: pg.Pool) {
  return {
    add: async (counts: readonly HourCount[]): Promise<void> => {
      await pool.query(ADD, [JSON.stringify(counts)])
    },
    readSince: async (hour: Instant): Promise<readonly HourCount[]> => (await pool.query<HourCount>(READ, [hour])).rows,
  }
}

/** Rows are locked in the order of their key, so that processes never wait for each other in a circle. */
const ADD = `
  with old as (delete from provider_requests where hour < now() - interval '48 h')
  insert into provider_requests (provider, hour, cause, requests, rate_limited)
  select provider, hour, cause, requests, "rateLimited"
    from jsonb_to_recordset($1::jsonb)
         as c (provider text, hour timestamptz, cause text, requests bigint, "rateLimited" bigint)
   order by provider, hour, cause
  on conflict (provider, hour, cause) do update
     set requests = provider_requests.requests + excluded.requests,
         rate_limited = provider_requests.rate_limited + excluded.rate_limited`

const READ = `
  select provider, hour, cause, requests::float8 as requests, rate_limited::float8 as "rateLimited"
    from provider_requests where hour >= $1 order by provider, hour, cause`
