import type pg from 'pg'
import type { FilePlace, ImportNeeds } from '../../core/ingest/csv-import.ts'
import { createRecordReply } from './record.ts'

/** How far every import under this name of a provider has come. */
export async function loadFilePlaces(pool: pg.Pool, provider: string): Promise<readonly FilePlace[]> {
  const { rows } = await pool.query<{ lines: string; sha256: string }>(LOAD_PLACES, [provider])
  return rows.map(({ lines, sha256 }) => ({ lines: Number(lines), sha256 }))
}

/**
 * Records slices of a file, each in one transaction with the place that it reaches: so none is ever taken twice. Of the
 * places of one run only the last is kept.
 */
export function createRecordSlice(pool: pg.Pool, provider: string, file: string): ImportNeeds['record'] {
  let [saved, next]: [FilePlace | undefined, FilePlace | undefined] = [undefined, undefined]
  const record = createRecordReply(pool, async (client) => {
    await client.query(SAVE_PLACE, [provider, next?.sha256, next?.lines, file, saved?.sha256 ?? ''])
  })
  return async ({ reply, results, end }) => {
    next = end
    const recorded = await record(reply, results)
    saved = end
    return recorded
  }
}

const LOAD_PLACES = `select lines, encode(sha256, 'hex') as sha256 from imports where provider = $1`

const SAVE_PLACE = `
  with before as (delete from imports where provider = $1 and sha256 = decode($5, 'hex'))
  insert into imports (provider, sha256, lines, file) values ($1, decode($2, 'hex'), $3, $4)
  on conflict (provider, sha256) do update set saved_at = excluded.saved_at`
