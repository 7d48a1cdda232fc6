import { timingSafeEqual } from 'node:crypto'
import type { FastifyBaseLogger } from 'fastify'
import type { Secret } from '../../core/access/key.ts'
import type { Credential, ReadCredentials } from '../../core/access/credential.ts'
import type { Clock } from '../../lib/clock.ts'
import { createNotifier } from '../../lib/notifier.ts'

export type CredentialCacheNeeds = {
  readonly readCredentials: ReadCredentials
  readonly clock: Clock
  readonly log: FastifyBaseLogger
  /** Fires when the service ends. */
  readonly signal: AbortSignal
}

/** Who may be let in, as the table said a moment ago: asking it for each request would cost more than most answers. */
export type CredentialCache = {
  /** Reads the table where that was too long ago. @throws whatever keeps us from it, once a key was ever made */
  freshen(): Promise<void>
  /** Reads the table now. */
  refresh(): Promise<void>
  /** Whether a key was ever made, as far as this process has seen. */
  isClosed(): boolean
  /** Whether `freshen` would have something to do. */
  isStale(): boolean
  /** What the secret belongs to, as far as we know. */
  find(secret: Secret, isSession: boolean): Credential | undefined
  /** The same after a look into the table: it may have been made just now. Others may have to be waited for. */
  findAnew(secret: Secret, isSession: boolean): Promise<Credential | undefined>
  /** Whether it is still in force. */
  has(credential: Credential): boolean
  /** Calls back when the table was read. */
  onRead(listener: () => void): void
  /** Keeps it as the table is, until the service ends. */
  follow(): Promise<void>
}

const READ_EVERY_MS = 2_000
/** Anybody can send what is not known: however many do, the table is read no more often for them all. */
const LOOK_EVERY_MS = 200
/** A revoked key may work no longer than this: later, nobody is let in whom we cannot look up. */
const STALE_AFTER_MS = 5_000
/** Compared where there is nothing to compare with, so that an unknown id takes as long as a known one. */
const NO_DIGEST = new Uint8Array(32)

export function createCredentialCache({ readCredentials, clock, log, signal }: CredentialCacheNeeds): CredentialCache {
  let isClosed = true
  let readAt = -Infinity
  let reading: Promise<void> | undefined
  let looking: Promise<void> | undefined
  let lookedAt = -Infinity
  let known = new Map<string, Credential>()
  const reads = createNotifier()

  async function read(): Promise<void> {
    const startedAt = clock.now()
    const now = await readCredentials()
    const before = known
    known = new Map(now.all.map((one) => [nameOf(one), one]))
    if (readAt > -Infinity) logChanges(log, before, known)
    // Never open again: a table that somebody emptied is no reason to let everybody in.
    isClosed = now.isClosed || (isClosed && readAt > -Infinity)
    readAt = startedAt
    reads.notify()
  }

  /** A read that is under way may have begun too early for the caller. */
  async function refresh(): Promise<void> {
    await reading?.catch(() => {})
    reading ??= read().finally(() => (reading = undefined))
    await reading
  }

  /** All who come before it begins share one look. */
  async function look(): Promise<void> {
    const since = Math.max(0, clock.now() - lookedAt)
    await clock.sleep(Math.max(0, LOOK_EVERY_MS - since), signal)
    looking = undefined
    lookedAt = clock.now()
    await refresh()
  }

  const isStale = () => clock.now() - readAt > STALE_AFTER_MS

  async function freshen(): Promise<void> {
    if (!isStale()) return
    await refresh().catch((error: unknown) => {
      if (isClosed) throw error
    })
  }

  function match({ id, digest }: Secret, isSession: boolean): Credential | undefined {
    const credential = known.get(nameOf({ id, isSession }))
    const isRight = timingSafeEqual(digest, credential?.digest ?? NO_DIGEST)
    return isRight ? credential : undefined
  }

  return {
    freshen,
    refresh,
    isClosed: () => isClosed,
    isStale,
    find: match,
    findAnew: async (secret, isSession) => {
      await (looking ??= look())
      return match(secret, isSession)
    },
    has: (credential) => known.has(nameOf(credential)),
    onRead: (listener) => void reads.subscribe(listener),
    follow: async () => {
      while (!signal.aborted) {
        await refresh().catch((error: unknown) => log.debug({ err: error }, 'the keys cannot be read'))
        await clock.sleep(READ_EVERY_MS, signal)
      }
    },
  }
}

function nameOf({ id, isSession }: Pick<Credential, 'id' | 'isSession'>): string {
  return isSession ? `session ${id}` : `key ${id}`
}

/** Also of what another process or a command did. */
function logChanges(log: FastifyBaseLogger, before: Map<string, Credential>, now: Map<string, Credential>): void {
  for (const [name, { keyId, isSession, scopes }] of now) {
    if (!before.has(name)) log.info({ security: isSession ? 'signed_in' : 'key_began', key: keyId, scopes }, name)
  }
  for (const [name, { keyId, isSession }] of before) {
    if (!now.has(name)) log.info({ security: isSession ? 'signed_out' : 'key_ended', key: keyId }, name)
  }
}
