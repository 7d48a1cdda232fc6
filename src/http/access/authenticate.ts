import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Secret } from '../../core/access/key.ts'
import type { Credential } from '../../core/access/credential.ts'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import type { CredentialCache } from './credential-cache.ts'
import { createRateLimit, networkOf } from './rate-limit.ts'
import { readKeySecret, readSessionSecret } from '../../core/access/secret.ts'
import { endSession, sessionCookieOf } from './session-cookie.ts'

/** Wrong keys and cookies a minute from one address. They cannot be guessed, but trying costs us a look into the table. */
const FAILURES_A_MINUTE = 20

/**
 * What a request shows to be let in; undefined where it shows nothing.
 * @throws ServiceError `unauthenticated` for a wrong key, `rate_limited` after too many wrong ones
 */
export function createAuthenticate(notify: CredentialCache, clock: Clock) {
  const failures = createRateLimit({ name: 'failures', quota: FAILURES_A_MINUTE, clock })

  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Credential | undefined> {
    const shown = keyIn(request)
    if (shown === undefined) return authenticatePage(request, reply)
    const secret = readKeySecret(shown)
    const credential = secret && (await lookUp(secret, false, request))
    if (credential) return credential
    failures.count(networkOf(request.ip), request, reply)
    request.log.warn({ security: 'key_refused', key: secret?.id, address: request.ip }, 'a wrong key')
    throw unauthenticated(reply, 'This key is not known here: it is mistyped, expired or revoked.')
  }

  /** A cookie may be another service's, at another port of this machine: it is dropped, and counts as none. */
  async function authenticatePage(request: FastifyRequest, reply: FastifyReply): Promise<Credential | undefined> {
    const cookie = sessionCookieOf(request)
    if (cookie === undefined) return undefined
    const secret = readSessionSecret(cookie)
    const credential = secret && (await lookUp(secret, true, request))
    if (credential) return credential
    if (secret) failures.count(networkOf(request.ip), request, reply)
    endSession(request, reply)
    return undefined
  }

  /** One that we know is let in however many wrong ones came from its address. */
  async function lookUp(secret: Secret, isSession: boolean, { ip }: FastifyRequest): Promise<Credential | undefined> {
    await notify.freshen()
    const known = notify.find(secret, isSession)
    if (known || failures.isUsedUp(networkOf(ip))) return known
    return notify.findAnew(secret, isSession)
  }

  return authenticate
}

function keyIn({ headers }: FastifyRequest): string | undefined {
  const [, bearer] = /^Bearer +(.+?) *$/i.exec(headers.authorization ?? '') ?? []
  return bearer ?? headers['x-api-key']?.toString()
}

/** Says how to be let in. */
export function unauthenticated(reply: FastifyReply, detail: string): ServiceError {
  reply.header('www-authenticate', 'Bearer realm="market-data"')
  return new ServiceError('unauthenticated', detail)
}
