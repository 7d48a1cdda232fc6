import type pg from 'pg'
import { MAX_KEYS, MAX_SESSIONS, MAX_SESSIONS_OF_KEY, type Key, type KeyTable } from '../../core/access/key.ts'
import type { Credential, ReadCredentials, Sessions } from '../../core/access/credential.ts'
import { ServiceError } from '../../errors.ts'
import { numberCursor, pageOf } from '../../lib/pagination.ts'

/** The table of keys. All times are the database's, so that a key expires at the same moment for every process. */
export function createKeyTable(pool: pg.Pool): KeyTable {
  return {
    insert: async ({ id, digest }, { name, scopes, expiresAt }) => {
      const { rows } = await pool.query<Key>(INSERT, [id, digest, name, scopes, expiresAt, MAX_KEYS])
      if (rows[0]) return rows[0]
      throw new ServiceError('conflict', `There are already ${MAX_KEYS} valid keys: revoke some first.`)
    },
    list: async ({ limit, cursor }) => {
      const { rows } = await pool.query<Key & { seq: string }>(LIST, [numberCursor(cursor) ?? 0, limit + 1])
      return pageOf(rows, limit, ({ seq }) => seq)
    },
    revoke: async (keyId) => {
      // PostgreSQL accepts no text with a zero byte, so no key has such an id.
      const { rows } = keyId.includes('\0') ? { rows: [] } : await pool.query<Key>(REVOKE, [keyId])
      return rows[0]
    },
  }
}

/** Reads all valid credentials; one small statement, which each process runs every other second. */
export function createReadCredentials(pool: pg.Pool): ReadCredentials {
  return async () => {
    const { rows } = await pool.query<Credential>(READ_CREDENTIALS)
    if (rows.length > 0) return { isClosed: true, all: rows }
    return { isClosed: (await pool.query('select from api_keys limit 1')).rowCount === 1, all: rows }
  }
}

/** The table of sessions. @throws ServiceError `overloaded` on `open` if there are too many */
export function createSessions(pool: pg.Pool): Sessions {
  return {
    open: async ({ id, digest }, keyId, seconds) => {
      await pool.query(DELETE_OLD_SESSIONS, [keyId, MAX_SESSIONS_OF_KEY - 1])
      const { rowCount } = await pool.query(OPEN_SESSION, [id, digest, keyId, seconds, MAX_SESSIONS])
      if (rowCount === 0) throw new ServiceError('overloaded', `There are already ${MAX_SESSIONS} sessions.`)
    },
    close: async (id) => void (await pool.query('delete from api_sessions where id = $1', [id])),
  }
}

const KEY = `
  id as "keyId", name, scopes, created_at as "createdAt", expires_at as "expiresAt", revoked_at as "revokedAt"`

const IN_FORCE = 'revoked_at is null and (expires_at is null or expires_at > clock_timestamp())'

const INSERT = `
  insert into api_keys (id, digest, name, scopes, expires_at)
  select $1, $2, $3, $4, $5 where (select count(*) from api_keys where ${IN_FORCE}) < $6
  returning ${KEY}`

const LIST = `select ${KEY}, seq from api_keys where seq > $1 order by seq limit $2`

/** Deletes the sessions that the key opened as well: they are invalid without it. */
const REVOKE = `
  with gone as (delete from api_sessions where key_id = $1)
  update api_keys set revoked_at = coalesce(revoked_at, clock_timestamp()) where id = $1
  returning ${KEY}`

const READ_CREDENTIALS = `
  with keys as (select * from api_keys where ${IN_FORCE})
  select id, digest, id as "keyId", scopes, false as "isSession", expires_at as "expiresAt" from keys
  union all
  select s.id, s.digest, s.key_id, k.scopes, true, least(s.expires_at, k.expires_at)
    from api_sessions s join keys k on k.id = s.key_id
   where s.expires_at > clock_timestamp()`

/** All sessions last equally long, so the oldest of a key expires first. */
const DELETE_OLD_SESSIONS = `
  delete from api_sessions
   where expires_at <= clock_timestamp()
      or id in (select id from api_sessions where key_id = $1 order by expires_at desc offset $2)`

const OPEN_SESSION = `
  insert into api_sessions (id, digest, key_id, expires_at)
  select $1, $2, $3, clock_timestamp() + make_interval(secs => $4)
   where (select count(*) from api_sessions) < $5`
