import type { Instant } from '../../lib/instant.ts'
import type { Scope, Secret } from './key.ts'

/** A key or session that is in force, as authentication needs it. */
export type Credential = {
  /** Of a key or of a dashboard session; the secret's digest must equal `digest`. */
  readonly id: string
  readonly digest: Uint8Array
  /** The key itself, or the key that the session was opened with. */
  readonly keyId: string
  readonly scopes: readonly Scope[]
  readonly isSession: boolean
  readonly expiresAt: Instant | null
}

export type Credentials = {
  /** Whether any key was ever created, including revoked ones: from then on every request needs one. */
  readonly isClosed: boolean
  readonly all: readonly Credential[]
}

export type ReadCredentials = () => Promise<Credentials>

/** The sessions of the dashboard: a session ends with its key, or before. */
export type Sessions = {
  /** @throws ServiceError `overloaded` if `MAX_SESSIONS` are in force */
  open(secret: Omit<Secret, 'text'>, keyId: string, seconds: number): Promise<void>
  close(id: string): Promise<void>
}
