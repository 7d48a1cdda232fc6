import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Secret } from '../../core/access/key.ts'
import type { Credential } from '../../core/access/credential.ts'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import type { CredentialCache } from './credential-cache.ts'
import { createRateLimit, networkOf } from './rate-limit.ts'
import { readKeySecret, readSessionSecret } from '../../core/access/secret.ts'
import { endSession, sessionCookieOf } from './session-cookie.ts'

/** Wrong keys and cookies per minute from one network. They cannot be guessed, but each attempt costs a table lookup. */
const FAILURES_A_MINUTE = 20

/**
 * The credential that a request presents; undefined if it presents none.
 * @throws ServiceError `unauthenticated` for a wrong key, `rate_limited` after too many wrong ones
 */
export function createAuthenticate(cache: CredentialCache, clock: Clock) {
  const failures = createRateLimit({ name: 'failures', quota: FAILURES_A_MINUTE, clock })

  async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<Credential | undefined> {
    const text = keyIn(request)
    if (text === undefined) return authenticateSession(request, reply)
    const secret = readKeySecret(text)
    const credential = secret && (await lookUp(secret, false, request))
    if (credential) return credential
    failures.count(networkOf(request.ip), request, reply)
    request.log.warn({ security: 'key_refused', key: secret?.id, address: request.ip }, 'wrong key')
    throw unauthenticated(reply, 'Unknown key: it is mistyped, expired or revoked.')
  }

  /** The cookie may belong to another service at another port of this machine: then it is dropped and counts as none. */
  async function authenticateSession(request: FastifyRequest, reply: FastifyReply): Promise<Credential | undefined> {
    const cookie = sessionCookieOf(request)
    if (cookie === undefined) return undefined
    const secret = readSessionSecret(cookie)
    const credential = secret && (await lookUp(secret, true, request))
    if (credential) return credential
    if (secret) failures.count(networkOf(request.ip), request, reply)
    endSession(request, reply)
    return undefined
  }

  /** A known credential is accepted however many wrong ones came from the same network. */
  async function lookUp(secret: Secret, isSession: boolean, { ip }: FastifyRequest): Promise<Credential | undefined> {
    await cache.freshen()
    const known = cache.find(secret.text, isSession)
    if (known || failures.isUsedUp(networkOf(ip))) return known
    return cache.findAnew(secret.text, isSession)
  }

  return authenticate
}

/** The key that a request presents, whatever it is; undefined if it presents none. */
export function keyIn({ headers }: FastifyRequest): string | undefined {
  const scheme = BEARER.exec(headers.authorization ?? '')?.[0]
  return scheme === undefined ? headers['x-api-key']?.toString() : headers.authorization?.slice(scheme.length).trimEnd()
}

const BEARER = /^Bearer +/i

/** The error, with the header that names the way to authenticate. */
export function unauthenticated(reply: FastifyReply, detail: string): ServiceError {
  reply.header('www-authenticate', 'Bearer realm="market-data"')
  return new ServiceError('unauthenticated', detail)
}
