import type { FastifyBaseLogger } from 'fastify'
import { hexDigestOf } from '../../core/access/secret.ts'
import type { Credential, Credentials, ReadCredentials } from '../../core/access/credential.ts'
import type { Clock } from '../../lib/clock.ts'
import { createNotifier } from '../../lib/notifier.ts'

export type CredentialCacheOptions = {
  readonly readCredentials: ReadCredentials
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Fires when the service ends. */
  readonly signal: AbortSignal
}

/** The credentials in force, as last read: a query per request would cost more than most responses. */
export type CredentialCache = {
  /** Reads the table if the last read is too old. @throws the error of the read, once any key has been created */
  freshen(): Promise<void>
  /** Reads the table now. */
  refresh(): Promise<void>
  /** Whether a key was ever created, as far as this process knows. */
  isClosed(): boolean
  /** Whether `freshen` would read. */
  isStale(): boolean
  /** The credential of a secret's text, as far as this process knows. */
  find(text: string, isSession: boolean): Credential | undefined
  /** The same after another read, which may wait: the credential may have been created just now. */
  findAnew(text: string, isSession: boolean): Promise<Credential | undefined>
  /** Whether it is still in force. */
  has(credential: Credential): boolean
  /** Calls back after each read. */
  onRead(listener: () => void): void
  /** Reads again and again until the service ends. */
  follow(): Promise<void>
}

const READ_EVERY_MS = 2_000
/** Any caller can send an unknown secret: however many do, they cause no more reads than this. */
const LOOK_EVERY_MS = 200
/** A revoked key works no longer than this: after it, a caller who cannot be looked up is refused. */
const STALE_AFTER_MS = 5_000

export function createCredentialCache(options: CredentialCacheOptions): CredentialCache {
  const { clock, log, signal } = options
  const known = createKnownCredentials(log)
  const reads = createNotifier()
  const { refresh, isStale } = createReader(options, (credentials) => {
    known.replace(credentials)
    reads.notify()
  })
  const look = createSharedLook(options, refresh)
  return {
    refresh,
    isStale,
    isClosed: known.isClosed,
    find: known.find,
    has: known.has,
    onRead: (listener) => void reads.subscribe(listener),
    freshen: async () => {
      if (!isStale()) return
      await refresh().catch((error: unknown) => {
        if (known.isClosed()) throw error
      })
    },
    findAnew: async (text, isSession) => {
      await look()
      return known.find(text, isSession)
    },
    follow: async () => {
      while (!signal.aborted) {
        await refresh().catch((error: unknown) => log.debug({ err: error }, 'keys cannot be read, retrying'))
        await clock.sleep(READ_EVERY_MS, signal)
      }
    },
  }
}

/** What the last read found. */
function createKnownCredentials(log: FastifyBaseLogger) {
  let known: Known | undefined
  let byDigest: Known = new Map()
  let isClosed = true
  return {
    isClosed: () => isClosed,
    has: (credential: Credential) => known?.has(nameOf(credential)) ?? false,
    // How long a lookup takes depends on the digest, from which nobody can tell which text to try next.
    find: (text: string, isSession: boolean): Credential | undefined => {
      const credential = byDigest.get(hexDigestOf(text))
      return credential?.isSession === isSession ? credential : undefined
    },
    replace: (found: Credentials) => {
      const now = new Map(found.all.map((one) => [nameOf(one), one]))
      if (known) logChanges(log, known, now)
      // Never open again: an emptied table is no reason to admit everyone.
      isClosed = found.isClosed || (isClosed && known !== undefined)
      known = now
      byDigest = new Map(found.all.map((one) => [Buffer.from(one.digest).toString('hex'), one]))
    },
  }
}

/** Reads one at a time. */
function createReader({ readCredentials, clock }: CredentialCacheOptions, onRead: (found: Credentials) => void) {
  let readAt = -Infinity
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    const startedAt = clock.monotonic()
    const found = await readCredentials()
    readAt = startedAt
    onRead(found)
  }

  /** Waits for a read in progress and then reads again: that one may have begun too early for the caller. */
  async function refresh(): Promise<void> {
    await reading?.catch(() => {})
    reading ??= read().finally(() => (reading = undefined))
    await reading
  }

  return { refresh, isStale: () => clock.monotonic() - readAt > STALE_AFTER_MS }
}

/** A read that all callers share who arrive before it begins, at most one every `LOOK_EVERY_MS`. */
function createSharedLook({ clock, signal }: CredentialCacheOptions, refresh: () => Promise<void>) {
  let lookedAt = -Infinity
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const since = Math.max(0, clock.monotonic() - lookedAt)
    await clock.sleep(Math.max(0, LOOK_EVERY_MS - since), signal)
    looking = undefined
    lookedAt = clock.monotonic()
    await refresh()
  }

  return () => (looking ??= look())
}

function nameOf({ id, isSession }: Pick<Credential, 'id' | 'isSession'>): string {
  return isSession ? `session ${id}` : `key ${id}`
}

type Known = ReadonlyMap<string, Credential>

/** Includes changes that other processes and commands made. */
function logChanges(log: FastifyBaseLogger, before: Known, now: Known): void {
  for (const [name, { keyId, isSession, scopes }] of now) {
    if (!before.has(name)) log.info({ security: isSession ? 'signed_in' : 'key_began', key: keyId, scopes }, name)
  }
  for (const [name, { keyId, isSession }] of before) {
    if (!now.has(name)) log.info({ security: isSession ? 'signed_out' : 'key_ended', key: keyId }, name)
  }
}
