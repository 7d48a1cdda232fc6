import type { FastifyReply, FastifyRequest } from 'fastify'
import { allows, type Scope } from '../../core/access/key.ts'
import type { Credential } from '../../core/access/credential.ts'
import { ServiceError } from '../../errors.ts'
import { createAuthenticate, unauthenticated } from './authenticate.ts'
import { createSecurityLog } from '../server/security-log.ts'
import type { App } from '../server/app.ts'
import { READS } from '../server/host-guard.ts'
import { createCredentialCache, type CredentialCacheNeeds } from './credential-cache.ts'
import { createRateLimit, isThisMachine, networkOf } from './rate-limit.ts'

export type AccessNeeds = CredentialCacheNeeds & {
  /** Lets in whoever shows no key. */
  readonly isAuthOff: boolean
  /** Whether only this machine can reach us. Elsewhere everybody needs a key, whatever the table says. */
  readonly isPrivate: boolean
  /** Requests a minute of one key, or of one address without a key; 0 sets no limit. */
  readonly rateLimit: number
}

/** Who asks: a key, a page that is signed in, or anybody, where anybody may. */
export type Caller = { readonly credential: Credential | undefined; readonly scopes: readonly Scope[] }

/** Who asks, and whether they still may: for answers that go on. */
export type Access = {
  callerOf(request: FastifyRequest): Caller
  stillAllows(caller: Caller): boolean
  /** Calls back when keys may have ended, or the first one was made. */
  onChange(listener: () => void): void
  /** Takes note at once of a change that this process made. */
  refresh(): Promise<void>
}

const ADMINS: ReadonlySet<unknown> = new Set(['/keys', '/keys/:key_id'])
/** Whoever may read may sign in and out. */
const OWN: ReadonlySet<unknown> = new Set(['/session'])
const LOOKS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/**
 * Every route needs a key once one was ever made, except those named here; what is not named needs `read`, or `write` where
 * it may change something. A key is taken from a header only; a page that signed in has a cookie instead.
 */
export function guardAccess(app: App, needs: AccessNeeds): Access {
  const { isAuthOff, isPrivate, rateLimit, clock } = needs
  const notify = createCredentialCache(needs)
  const perKey = createRateLimit({ name: 'key', quota: rateLimit, clock })
  const perAddress = createRateLimit({ name: 'address', quota: rateLimit, clock })
  const authenticate = createAuthenticate(notify, clock)
  const tellUse = createFirstUses()
  const reportMissing = createSecurityLog(clock, 'info')
  const isClosed = () => !isPrivate || notify.isClosed()

  async function callerWithoutKey({ ip }: FastifyRequest): Promise<Caller | undefined> {
    if (isAuthOff) return VISITOR
    await notify.freshen()
    if (isClosed()) return undefined
    return isThisMachine(ip) ? OWNER : VISITOR
  }

  /** Nobody is counted on this machine where no key is needed. */
  function countAddress(request: FastifyRequest, reply: FastifyReply): void {
    const isFree = isThisMachine(request.ip) && (isAuthOff || !isClosed())
    if (!isFree) perAddress.count(networkOf(request.ip), request, reply)
  }

  function refuseWithoutKey(request: FastifyRequest, reply: FastifyReply): ServiceError {
    const { method, routeOptions, ip: address } = request
    reportMissing(request, { security: 'key_missing', method, route: routeOptions.url, address }, 'no key')
    return unauthenticated(reply, 'This needs a key, in Authorization (Bearer) or X-API-Key.')
  }

  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isOfPage(request)) return countAddress(request, reply)
    const credential = await authenticate(request, reply)
    const caller = credential ? { credential, scopes: credential.scopes } : await callerWithoutKey(request)
    if (credential) perKey.count(credential.keyId, request, reply.header('cache-control', 'no-store'))
    else countAddress(request, reply)
    if (credential) tellUse(credential, request)
    request.setDecorator('caller', caller)
    if (caller === undefined) throw refuseWithoutKey(request, reply)
    assertMay(request, caller)
  }

  /** Most requests of a service of one's own, and so without a promise: no key is shown, and none is needed. */
  function isAtHome(request: FastifyRequest): boolean {
    const { headers, ip } = request
    if (isAuthOff || notify.isStale() || isClosed() || !isThisMachine(ip)) return false
    if (headers.authorization !== undefined || headers['x-api-key'] !== undefined || headers.cookie) return false
    request.setDecorator('caller', OWNER)
    return true
  }

  app.decorateRequest('caller', null)
  app.addHook('onRequest', (request, reply, done) => {
    if (isProbe(request) || isAtHome(request)) return done()
    // Fastify waits for what is returned, as it would for `done`.
    return admit(request, reply)
  })
  app.addHook('onListen', () => void notify.follow())
  return {
    callerOf: (request) => request.getDecorator<Caller>('caller'),
    stillAllows: ({ credential }) => (credential ? notify.has(credential) : isAuthOff || !isClosed()),
    onChange: notify.onRead,
    refresh: notify.refresh,
  }
}

/** Where no key was ever made, whoever is on this machine may do all that a command may. */
const OWNER: Caller = { credential: undefined, scopes: ['admin'] }
/** Whoever comes from elsewhere where no key is asked for makes none: it would work for longer than nobody asks. */
const VISITOR: Caller = { credential: undefined, scopes: ['write'] }

/** Never limited, never asked for a key: an orchestrator that is refused would end a healthy process. */
export function isProbe({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return LOOKS.has(method) && (url === '/livez' || url === '/readyz')
}

/** What a person sees before signing in, also while the database is away. */
function isOfPage({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return LOOKS.has(method) && (url === '/' || (url?.startsWith('/assets/') ?? false))
}

function assertMay(request: FastifyRequest, { credential, scopes }: Caller): void {
  const needed = neededFor(request)
  if (allows(scopes, needed)) return
  const { method, routeOptions, ip: address, log } = request
  log.warn({ security: 'forbidden', key: credential?.keyId, method, route: routeOptions.url, address }, 'not allowed')
  throw new ServiceError('forbidden', `This needs a key with the scope ${needed}.`)
}

function neededFor({ method, routeOptions: { url } }: FastifyRequest): Scope {
  if (ADMINS.has(url)) return 'admin'
  return READS.has(method) || OWN.has(url) ? 'read' : 'write'
}

/** Says once of each key that it is used: a line for each request would hide what is unusual. */
function createFirstUses() {
  const used = new Set<string>()
  return ({ id, keyId, isSession }: Credential, { ip: address, log }: FastifyRequest) => {
    if (used.has(id)) return
    if (used.size >= MOST_USES) used.clear()
    used.add(id)
    log.info({ security: 'key_used', key: keyId, isSession, address }, 'a key is used, the first time since the start')
  }
}

const MOST_USES = 10_000
