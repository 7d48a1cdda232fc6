import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import type { Clock } from '../../lib/clock.ts'
import { ServiceError } from '../../errors.ts'
import { createSecurityLog } from './security-log.ts'
import type { App } from './app.ts'

export type HostOptions = {
  /** The address that the server listens on, and further host names that requests may use. */
  readonly host: string
  readonly allowedHosts: readonly string[]
  readonly clock: Clock
}

/**
 * Loopback alone protects nothing: a web page can post to it, and a name rebound to 127.0.0.1 can read from it. So requests
 * must use one of the service's own names, and a write from another site is refused before its body is read.
 */
export function guardHosts(app: App, { host, allowedHosts, clock }: HostOptions): void {
  const names = new Set(['localhost', host, ...allowedHosts].map((name) => name.toLowerCase()))
  const logForeign = createSecurityLog(clock, 'warn')
  app.addHook('onRequest', (request, _reply, done) => {
    const reason = foreignHost(request, names) ?? crossSiteWrite(request)
    if (reason === undefined) return done()
    const { method, ip: address, headers } = request
    const { host: called, origin } = headers
    logForeign(request, { security: 'foreign_request', called, origin, method, address }, 'foreign request refused')
    done(new ServiceError('forbidden', reason))
  })
}

function foreignHost({ headers }: FastifyRequest, names: ReadonlySet<string>): string | undefined {
  const name = (headers.host ?? '').toLowerCase().replace(/:\d*$/, '')
  if (names.has(name) || isIP(name.replace(/^\[(.*)\]$/, '$1')) > 0) return undefined
  return 'This host name is not allowed; add it to ALLOWED_HOSTS.'
}

/** Methods that change nothing. */
export const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const OWN_SITES: ReadonlySet<unknown> = new Set([undefined, 'same-origin', 'none'])

function crossSiteWrite({ method, headers }: FastifyRequest): string | undefined {
  if (READS.has(method)) return undefined
  if (OWN_SITES.has(headers['sec-fetch-site']) && isOwnOrigin(headers.origin, headers.host)) return undefined
  return 'Pages of other sites cannot change anything in this service.'
}

/** Whether an `Origin` is this service's own, or absent. Parsed with the origin's scheme, so that a port that one side omits is the same port. */
export function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined) return true
  const given = URL.parse(origin)
  const own = given && URL.parse(`${given.protocol}//${host}`)
  return own !== null && given?.host !== '' && given?.host === own.host
}
