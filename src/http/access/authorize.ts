import type { FastifyReply, FastifyRequest } from 'fastify'
import { allows, type Scope } from '../../core/access/key.ts'
import type { Credential } from '../../core/access/credential.ts'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { createAuthenticate, keyIn, unauthenticated } from './authenticate.ts'
import { createSecurityLog } from '../server/security-log.ts'
import type { App } from '../server/app.ts'
import { READS } from '../server/host-guard.ts'
import { createCredentialCache, type CredentialCache, type CredentialCacheOptions } from './credential-cache.ts'
import { createFirstUses } from './first-uses.ts'
import { createRateLimit, isThisMachine, networkOf } from './rate-limit.ts'

export type AccessOptions = CredentialCacheOptions & {
  /** Accepts callers without a key. */
  readonly isAuthOff: boolean
  /** Whether only this machine can reach the server. If not, every caller needs a key, even if none exists. */
  readonly isPrivate: boolean
  /** Requests per minute of one key, or of one network without a key; 0 sets no limit. */
  readonly rateLimit: number
}

/** A key, a signed-in page, or a caller without credential if none is needed. */
export type Caller = { readonly credential: Credential | undefined; readonly scopes: readonly Scope[] }

/** Decides on each request, and for responses that last: whether their caller is still allowed. */
export type Access = {
  /** @throws ServiceError `unauthenticated`, `forbidden` or `rate_limited` */
  admit(request: FastifyRequest, reply: FastifyReply): Promise<void>
  /**
   * Admits without a promise. False if it takes one, to read the keys or to refuse: then `admit` decides.
   * @throws ServiceError `forbidden` or `rate_limited`
   */
  admitAtOnce(request: FastifyRequest, reply: FastifyReply): boolean
  callerOf(request: FastifyRequest): Caller
  stillAllows(caller: Caller): boolean
  /** Calls back when keys may have ended, or the first one was created. */
  onChange(listener: () => void): void
  /** Makes a change of this process effective at once. */
  refresh(): Promise<void>
  /** Keeps up with changes of other processes until the service ends. */
  follow(): Promise<void>
}

const ADMINS: ReadonlySet<unknown> = new Set(['/keys', '/keys/:key_id'])
/** `read` is enough to sign in and out. */
const OWN: ReadonlySet<unknown> = new Set(['/session'])
const LOOKS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Without any key ever created, callers on this machine may do everything that commands may. */
const OWNER: Caller = { credential: undefined, scopes: ['admin'] }
/** Callers from elsewhere who need no key cannot create one: it would stay valid after keys become required. */
const VISITOR: Caller = { credential: undefined, scopes: ['write'] }

/**
 * Once any key has been created, every route needs one, except those named here. A route needs `read`, or `write` if its
 * method changes something, unless it is named here. A key comes in a header; a signed-in page has a cookie instead.
 */
export function createAccess(options: AccessOptions): Access {
  const { isAuthOff, isPrivate, clock } = options
  const cache = createCredentialCache(options)
  const authenticate = createAuthenticate(cache, clock)
  const refuseWithoutKey = createRefusal(clock)
  const needsKey = () => !isAuthOff && (!isPrivate || cache.isClosed())
  const quotas = createQuotas(options, (ip) => isThisMachine(ip) && !needsKey())
  const admitKey = createAdmitKey(quotas)

  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isOfPage(request)) return quotas.countAddress(request, reply)
    const credential = await authenticate(request, reply)
    if (credential) return admitKey(credential, request, reply)
    if (!isAuthOff) await cache.freshen()
    const isOwner = !isAuthOff && isThisMachine(request.ip)
    const caller = needsKey() ? undefined : isOwner ? OWNER : VISITOR
    quotas.countAddress(request, reply)
    request.setDecorator('caller', caller)
    if (caller === undefined) throw refuseWithoutKey(request, reply)
    assertMay(request, caller)
  }

  return {
    admit,
    admitAtOnce: createAdmitAtOnce({ cache, admitKey, isOpenHere: () => !isAuthOff && !needsKey() }),
    callerOf: (request) => request.getDecorator<Caller>('caller'),
    stillAllows: ({ credential }) => (credential ? cache.has(credential) : !needsKey()),
    ...changesOf(cache),
  }
}

type AdmitKey = (credential: Credential, request: FastifyRequest, reply: FastifyReply) => void

/** Admits a caller whose key or session was found. */
function createAdmitKey({ countKey }: ReturnType<typeof createQuotas>): AdmitKey {
  const logFirstUse = createFirstUses()
  return (credential, request, reply) => {
    const caller = { credential, scopes: credential.scopes }
    countKey(credential, request, reply)
    logFirstUse(credential, request)
    request.setDecorator('caller', caller)
    assertMay(request, caller)
  }
}

type AtOnce = { readonly cache: CredentialCache; readonly admitKey: AdmitKey; isOpenHere(): boolean }

/** The common cases: a probe, a key that is known, and a caller on this machine as long as no key is needed. */
function createAdmitAtOnce({ cache, admitKey, isOpenHere }: AtOnce): Access['admitAtOnce'] {
  return (request, reply) => {
    if (isProbe(request)) return true
    if (cache.isStale()) return false
    const key = keyIn(request)
    if (key === undefined) {
      const isOwner = isOpenHere() && isThisMachine(request.ip) && !request.headers.cookie
      if (isOwner) request.setDecorator('caller', OWNER)
      return isOwner
    }
    const credential = isOfPage(request) ? undefined : cache.find(key, false)
    if (credential) admitKey(credential, request, reply)
    return credential !== undefined
  }
}

/** Asks for access on every request of the server, before its body is read. */
export function guardAccess(app: App, access: Access): void {
  app.decorateRequest('caller', null)
  app.addHook('onRequest', (request, reply, done) => {
    if (access.admitAtOnce(request, reply)) return done()
    // Fastify waits for a promise as it would for `done`.
    return access.admit(request, reply)
  })
  app.addHook('onListen', () => void access.follow())
}

/** Probes are never limited and never need a key: an orchestrator that is refused would end a healthy process. */
export function isProbe({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return LOOKS.has(method) && (url === '/livez' || url === '/readyz')
}

function changesOf({ onRead, refresh, follow }: CredentialCache): Pick<Access, 'onChange' | 'refresh' | 'follow'> {
  return { onChange: onRead, refresh, follow }
}

/** What a person sees before signing in, also while the database is unavailable. */
function isOfPage({ method, routeOptions: { url } }: FastifyRequest): boolean {
  return LOOKS.has(method) && (url === '/' || (url?.startsWith('/assets/') ?? false))
}

/** @param isFree whether an address is not counted: this machine, as long as it needs no key. */
function createQuotas({ rateLimit: quota, clock }: AccessOptions, isFree: (ip: string) => boolean) {
  const perKey = createRateLimit({ name: 'key', quota, clock })
  const perAddress = createRateLimit({ name: 'address', quota, clock })
  return {
    countKey: ({ keyId }: Credential, request: FastifyRequest, reply: FastifyReply) =>
      perKey.count(keyId, request, reply.header('cache-control', 'no-store')),
    countAddress: (request: FastifyRequest, reply: FastifyReply) => {
      if (!isFree(request.ip)) perAddress.count(networkOf(request.ip), request, reply)
    },
  }
}

function createRefusal(clock: Clock) {
  const logMissing = createSecurityLog(clock, 'info')
  return (request: FastifyRequest, reply: FastifyReply): ServiceError => {
    const { method, routeOptions, ip: address } = request
    logMissing(request, { security: 'key_missing', method, route: routeOptions.url, address }, 'no key')
    return unauthenticated(reply, 'This request needs a key, in Authorization (Bearer) or X-API-Key.')
  }
}

function assertMay(request: FastifyRequest, { credential, scopes }: Caller): void {
  const needed = scopeFor(request)
  if (allows(scopes, needed)) return
  const { method, routeOptions, ip: address, log } = request
  log.warn({ security: 'forbidden', key: credential?.keyId, method, route: routeOptions.url, address }, 'not allowed')
  throw new ServiceError('forbidden', `This request needs a key with the scope ${needed}.`)
}

function scopeFor({ method, routeOptions: { url } }: FastifyRequest): Scope {
  if (ADMINS.has(url)) return 'admin'
  return READS.has(method) || OWN.has(url) ? 'read' : 'write'
}
