import type { Instant } from '../../lib/instant.ts'
import type { Scope, Secret } from './key.ts'

/** What is in force at a moment, for whoever has to let people in. */
export type Credential = {
  /** A key or the session of a page: the digest is what the text that lets in must have. */
  readonly id: string
  readonly digest: Uint8Array
  /** The key itself, or the one that the page signed in with. */
  readonly keyId: string
  readonly scopes: readonly Scope[]
  readonly isSession: boolean
  readonly expiresAt: Instant | null
}

export type Credentials = {
  /** Whether any key was ever made, revoked ones included: then nobody gets in without one. */
  readonly isClosed: boolean
  readonly all: readonly Credential[]
}

export type ReadCredentials = () => Promise<Credentials>

/** The sessions of pages: a session ends with its key, or before. */
export type Sessions = {
  /** @throws ServiceError `overloaded` where `MAX_SESSIONS` are in force */
  open(secret: Omit<Secret, 'text'>, keyId: string, seconds: number): Promise<void>
  close(id: string): Promise<void>
}
