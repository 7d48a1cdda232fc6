import type { Instant } from '../../lib/instant.ts'
import type { Page, PageRequest } from '../../lib/pagination.ts'

/** What a key allows. Each scope includes those before it: write includes read, admin includes both. */
export const SCOPES = ['read', 'write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** What is stored of a key; the secret itself is not. */
export type Key = {
  /** The first characters of its random part: enough to identify it, useless for guessing it. */
  readonly keyId: string
  readonly name: string | null
  readonly scopes: readonly Scope[]
  readonly createdAt: Instant
  readonly expiresAt: Instant | null
  readonly revokedAt: Instant | null
}

/** A key to be created. */
export type CreateKey = Pick<Key, 'name' | 'scopes' | 'expiresAt'>

/** The text of a key or session, and what of it may be stored. */
export type Secret = { readonly text: string; readonly id: string; readonly digest: Uint8Array }

/** A new key, with its secret: it cannot be read again later. */
export type IssuedKey = Key & { readonly key: string }

/** The table of keys. Rows stay when keys are revoked. */
export type KeyTable = {
  /** @throws ServiceError `conflict` if `MAX_KEYS` are in force */
  insert(secret: Omit<Secret, 'text'>, key: CreateKey): Promise<Key>
  /** Oldest first, including revoked and expired keys. @throws ServiceError `invalid_request` for a cursor of another list */
  list(page: PageRequest): Promise<Page<Key>>
  /** Revokes a key and its sessions permanently; undefined if it does not exist. A revoked key stays as it is. */
  revoke(keyId: string): Promise<Key | undefined>
}

export type Keys = Pick<KeyTable, 'list' | 'revoke'> & { create(key: CreateKey): Promise<IssuedKey> }

/** A bound on what every process holds in memory: keys in force, and sessions of the dashboard. */
export const MAX_KEYS = 1_000
export const MAX_SESSIONS = 10_000
/** Beyond this the oldest sessions of the key end: repeated sign-ins cannot lock others out. */
export const MAX_SESSIONS_OF_KEY = 100

/** Creates keys, and returns each secret only once. */
export function createKeys(table: KeyTable, createSecret: () => Secret): Keys {
  return {
    ...table,
    create: async (key) => {
      const { text, ...stored } = createSecret()
      return { ...(await table.insert(stored, key)), key: text }
    },
  }
}

/** Whether one of the scopes includes the one that is needed. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.some((scope) => SCOPES.indexOf(scope) >= SCOPES.indexOf(needed))
}
