import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { createSecurityLog } from './security-log.ts'
import type { App } from './app.ts'

export type GuardNeeds = {
  /** The address that we listen on, and further names by which we may be called. */
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly clock: Clock
}

/**
 * Loopback is not a wall: a web page can post to it, and a name rebound to 127.0.0.1 can read from it (design §6). So we
 * answer only to our own names, and a write from another site is refused before anything of it is read.
 */
export function guardRequests(app: App, { host, allowedHosts, clock }: GuardNeeds): void {
  const names = new Set(['localhost', host, ...allowedHosts].map((name) => name.toLowerCase()))
  const tell = createSecurityLog(clock, 'warn')
  app.addHook('onRequest', (request, _reply, done) => {
    const reason = foreignHost(request, names) ?? crossSiteWrite(request)
    if (reason === undefined) return done()
    const { method, ip: address, headers } = request
    const { host: called, origin } = headers
    tell(request, { security: 'foreign_request', called, origin, method, address }, 'refused a foreign request')
    done(new ServiceError('forbidden', reason))
  })
}

function foreignHost({ headers }: FastifyRequest, names: ReadonlySet<string>): string | undefined {
  const name = (headers.host ?? '').toLowerCase().replace(/:\d*$/, '')
  if (names.has(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0) return undefined
  return 'This service is not known by that name. ALLOWED_HOSTS adds names.'
}

/** Methods that change nothing. */
export const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const OWN_SITES: ReadonlySet<unknown> = new Set([undefined, 'same-origin', 'none'])

function crossSiteWrite({ method, headers }: FastifyRequest): string | undefined {
  if (READS.has(method)) return undefined
  if (OWN_SITES.has(headers['sec-fetch-site']) && isOwnOrigin(headers.origin, headers.host)) return undefined
  return 'Pages of other sites may not change anything here.'
}

/** Parsed with the origin's scheme, so that a port left out on one side is the same port. */
function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  const asked = URL.parse(origin)
  const own = asked && URL.parse(`${asked.protocol}//${host}`)
  return own !== null && asked?.host !== '' && asked?.host === own.host
}
