import type { Instant } from '../../lib/instant.ts'
import type { Page, PageRequest } from '../../lib/pagination.ts'

/** What a key allows. Each holds what is before it: who may write may read, an admin may do both. */
export const SCOPES = ['read', 'write', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

/** What is known of a key; the key itself is known only to whom it was given. */
export type Key = {
  /** The first characters of its random part: enough to name it, of no use to guess it. */
  readonly keyId: string
  readonly name: string | null
  readonly scopes: readonly Scope[]
  readonly createdAt: Instant
  readonly expiresAt: Instant | null
  readonly revokedAt: Instant | null
}

/** What a key is to be. */
export type CreateKey = Pick<Key, 'name' | 'scopes' | 'expiresAt'>

/** A text that lets somebody in, and what of it may be kept. */
export type Secret = { readonly text: string; readonly id: string; readonly digest: Uint8Array }

/** A key at the one moment at which it can be read. */
export type IssuedKey = Key & { readonly key: string }

/** Where keys are kept. Rows stay when keys are revoked. */
export type KeyTable = {
  /** @throws ServiceError `conflict` where `MAX_KEYS` are in force */
  insert(secret: Omit<Secret, 'text'>, order: CreateKey): Promise<Key>
  /** Oldest first, revoked and expired ones too. @throws ServiceError `invalid_request` for a cursor of another list */
  list(page: PageRequest): Promise<Page<Key>>
  /** Ends a key and its sessions for good; undefined where there is none. One that is revoked stays as it was. */
  revoke(keyId: string): Promise<Key | undefined>
}

export type Keys = Pick<KeyTable, 'list' | 'revoke'> & { create(order: CreateKey): Promise<IssuedKey> }

/** A bound on what every process holds in memory: keys in force, and sessions of pages. */
export const MAX_KEYS = 1_000
export const MAX_SESSIONS = 10_000
/** Of these the oldest make room: nobody who signs in again and again keeps others out. */
export const MAX_SESSIONS_OF_KEY = 100

/** Makes keys, and tells each only once. */
export function createKeys(table: KeyTable, createSecret: () => Secret): Keys {
  return {
    ...table,
    create: async (order) => {
      const { text, ...kept } = createSecret()
      return { ...(await table.insert(kept, order)), key: text }
    },
  }
}

/** Whether one of the scopes holds the one that is needed. */
export function allows(scopes: readonly Scope[], needed: Scope): boolean {
  return scopes.some((scope) => SCOPES.indexOf(scope) >= SCOPES.indexOf(needed))
}
