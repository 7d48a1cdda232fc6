import type { FastifyRequest } from 'fastify'
import type { App } from '../app.ts'
import { isOwnOrigin } from '../host-guard.ts'
import { addVary } from './vary.ts'

const OTHER_SITES: ReadonlySet<unknown> = new Set(['cross-site', 'same-site'])
const FOREIGN = 'isOfForeignPage'

/** What pages of the allowed origins may do and see. Changes stay refused, and credentials of the browser are never used. */
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': 'authorization, x-api-key, x-request-id, last-event-id, cache-control, if-none-match',
  'access-control-max-age': '600',
}
const EXPOSED = 'x-request-id, retry-after, last-event-id, content-disposition, etag'

/**
 * Lets pages of exactly these origins read (CORS), each with a key if keys are required. Marks requests of the pages of all
 * other sites: a browser does not show them the response, but without the mark they could make us request providers.
 * Preflights need no key, since browsers send none.
 */
export function allowOrigins(app: App, origins: readonly string[]): void {
  const allowed = new Set(origins)
  app.decorateRequest(FOREIGN, false)
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (allowed.size > 0) addVary(reply, 'origin')
    if (origin === undefined || !allowed.has(origin)) {
      if (isOfOtherSite(request)) request.setDecorator(FOREIGN, true)
      return done()
    }
    reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', EXPOSED)
    reply.header('cross-origin-resource-policy', 'cross-origin')
    if (!isPreflight(request)) return done()
    reply.headers(PREFLIGHT).code(204).send()
  })
}

/** Whether a page of another site sent the request, one that CORS_ORIGINS does not name: it is answered from the store only. */
export function isOfForeignPage(request: FastifyRequest): boolean {
  return request.getDecorator<boolean>(FOREIGN)
}

/** Old browsers, and all of them over plain HTTP, send only `Origin`, and that only if a script could read the response. */
function isOfOtherSite({ headers }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined ? !isOwnOrigin(headers.origin, headers.host) : OTHER_SITES.has(site)
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}
