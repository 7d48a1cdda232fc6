import type pg from 'pg'
import type { FileOffset, ImportNeeds } from '../../core/ingest/csv-import.ts'
import { createStoreReply } from './store-reply.ts'

/** The offset that each import for this provider has reached. */
export async function loadFileOffsets(pool: pg.Pool, provider: string): Promise<readonly FileOffset[]> {
  const { rows } = await pool.query<{ lines: string; sha256: string }>(LOAD_OFFSETS, [provider])
  return rows.map(({ lines, sha256 }) => ({ lines: Number(lines), sha256 }))
}

/**
 * Stores slices of a file, each in one transaction with the offset that it reaches: no slice is ever stored twice. Of the
 * offsets of one run only the last is kept.
 */
export function createRecordSlice(pool: pg.Pool, provider: string, file: string): ImportNeeds['record'] {
  let saved: FileOffset | undefined
  let next: FileOffset | undefined
  const storeReply = createStoreReply(pool, async (client) => {
    await client.query(SAVE_OFFSET, [provider, next?.sha256, next?.lines, file, saved?.sha256 ?? ''])
  })
  return async ({ reply, results, end }) => {
    next = end
    const stored = await storeReply(reply, results)
    saved = end
    return stored
  }
}

const LOAD_OFFSETS = `select lines, encode(sha256, 'hex') as sha256 from imports where provider = $1`

const SAVE_OFFSET = `
  with before as (delete from imports where provider = $1 and sha256 = decode($5, 'hex'))
  insert into imports (provider, sha256, lines, file) values ($1, decode($2, 'hex'), $3, $4)
  on conflict (provider, sha256) do update set saved_at = excluded.saved_at`
