import { readFileSync, writeFileSync } from 'node:fs'
import type pg from 'pg'
import { createKeys, type Keys, type Secret } from '../core/access/key.ts'
import { ConfigError, isLoopback, type Config } from './config.ts'
import { createKeySecret, readKeySecret } from '../core/access/secret.ts'
import { createKeyTable, createReadCredentials } from '../postgres/access/api-keys.ts'

/** Who gets in: whoever has a key, anybody on this machine as long as no key was ever made, or anybody (AUTH=off). */
export type AccessAtStart = 'keys' | 'this machine' | 'everybody'

/**
 * Makes the first key where it is asked for, and keeps a service that other machines can reach from opening without any.
 * @throws ConfigError
 */
export async function prepareAccess(config: Config, pool: pg.Pool): Promise<AccessAtStart> {
  const { HOST, AUTH, FIRST_KEY_FILE } = config
  const readCredentials = createReadCredentials(pool)
  if (FIRST_KEY_FILE !== undefined && !(await readCredentials()).isClosed) await makeFirstKey(pool, FIRST_KEY_FILE)
  if (AUTH === 'off') return 'everybody'
  if ((await readCredentials()).isClosed) return 'keys'
  if (isLoopback(HOST)) return 'this machine'
  throw new ConfigError([
    `HOST=${HOST}: other machines could reach the service without a key; ` +
      'make one with market-data keys create --scope admin, or set AUTH=off if you mean it',
  ])
}

export function keysOf(pool: pg.Pool): Keys {
  return createKeys(createKeyTable(pool), createKeySecret)
}

/** How the HTTP interface decides who is admitted, and how often. */
export function accessOptions({ HOST, AUTH, RATE_LIMIT }: Config, pool: pg.Pool) {
  return {
    isAuthOff: AUTH === 'off',
    isPrivate: isLoopback(HOST),
    rateLimit: RATE_LIMIT,
    readCredentials: createReadCredentials(pool),
  }
}

/**
 * The file first: a key that nobody can read would close the service to everybody. It stays where the key then cannot be
 * made, for a failure may come after the commit; the next start makes the key that lies in it.
 */
async function makeFirstKey(pool: pg.Pool, file: string): Promise<void> {
  const secret = writeSecret(file, createKeySecret())
  const order = { name: 'first', scopes: ['admin'], expiresAt: null } as const
  await createKeys(createKeyTable(pool), () => secret).create(order)
}

/** Never over another file: what is there is a key that an earlier start could not make, or somebody's own. */
function writeSecret(file: string, secret: Secret): Secret {
  try {
    writeFileSync(file, `${secret.text}\n`, { mode: 0o600, flag: 'wx' })
    return secret
  } catch (error) {
    const left = readSecret(file)
    if (left) return left
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
