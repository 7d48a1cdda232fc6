import { readFileSync, writeFileSync } from 'node:fs'
import type pg from 'pg'
import { createKeys, type Keys, type Secret } from '../core/access/key.ts'
import { ConfigError, isLoopback, type Config } from './config.ts'
import { createKeySecret, readKeySecret } from '../core/access/secret.ts'
import { createKeyTable, createReadCredentials } from '../postgres/access/api-keys.ts'

/** Who may send requests: callers with a key; any program on this machine while no key has ever been created; or anyone (`AUTH=off`). */
export type AccessAtStart = 'keys' | 'this machine' | 'everybody'

/**
 * Creates the first key if `FIRST_KEY_FILE` requests it.
 * @throws ConfigError if other machines could reach the service without a key
 */
export async function prepareAccess(config: Config, pool: pg.Pool): Promise<AccessAtStart> {
  const { HOST, AUTH, FIRST_KEY_FILE } = config
  const readCredentials = createReadCredentials(pool)
  if (FIRST_KEY_FILE !== undefined && !(await readCredentials()).isClosed) await createFirstKey(pool, FIRST_KEY_FILE)
  if (AUTH === 'off') return 'everybody'
  if ((await readCredentials()).isClosed) return 'keys'
  if (isLoopback(HOST)) return 'this machine'
  throw new ConfigError([
    `HOST=${HOST}: other machines could reach the service without a key; ` +
      'create one with market-data keys create --scope admin, or set AUTH=off to allow it',
  ])
}

export function keysOf(pool: pg.Pool): Keys {
  return createKeys(createKeyTable(pool), createKeySecret)
}

/** How the HTTP interface authenticates callers and limits their requests. */
export function accessOptions({ HOST, AUTH, RATE_LIMIT }: Config, pool: pg.Pool) {
  return {
    isAuthOff: AUTH === 'off',
    isPrivate: isLoopback(HOST),
    rateLimit: RATE_LIMIT,
    readCredentials: createReadCredentials(pool),
  }
}

/**
 * Writes the file first: a key that is stored but written nowhere would lock everyone out. If storing the key then fails, the
 * file remains, because the failure may come after the commit; the next start stores the key of the file.
 */
async function createFirstKey(pool: pg.Pool, file: string): Promise<void> {
  const secret = writeSecret(file, createKeySecret())
  const keys = createKeys(createKeyTable(pool), () => secret)
  await keys.create({ name: 'first', scopes: ['admin'], expiresAt: null })
}

/** Never overwrites: an existing file holds a key that an earlier start could not store, or is not ours. */
function writeSecret(file: string, secret: Secret): Secret {
  try {
    writeFileSync(file, `${secret.text}\n`, { mode: 0o600, flag: 'wx' })
    return secret
  } catch (error) {
    const existing = readSecret(file)
    if (existing) return existing
    throw new ConfigError([`FIRST_KEY_FILE=${file}: cannot be written (${(error as NodeJS.ErrnoException).code}).`])
  }
}

function readSecret(file: string): Secret | undefined {
  try {
    return readKeySecret(readFileSync(file, 'utf8').trim())
  } catch {
    return undefined
  }
}
