import type { IncomingMessage } from 'node:http'
import type { App } from '../app.ts'

/**
 * The address without the prefix, whether the proxy before us strips it or not: routes know only the rest.
 * @param basePath such as `/market`; empty for none
 */
export function createRewriteUrl(basePath: string): (request: IncomingMessage) => string {
  return ({ url = '/' }) => {
    if (basePath === '' || !url.startsWith(basePath)) return url
    const rest = url.slice(basePath.length)
    if (rest.startsWith('/')) return rest
    return rest === '' || rest.startsWith('?') ? `/${rest}` : url
  }
}

const BASE_PATH = 'basePath'

/** A path with the prefix, for a body that is put together as text. */
export function withBasePath(app: App, path: string): string {
  return app.getDecorator<string>(BASE_PATH) + path
}

/** Members of responses that are paths of this service. */
const PATH_MEMBERS: ReadonlySet<string> = new Set(['next_url', 'body_url'])

/**
 * Puts the prefix before the paths in responses. The page has relative addresses, so it is served with a slash at the end
 * of the prefix only.
 */
export function addBasePath(app: App, basePath: string): void {
  app.decorate(BASE_PATH, basePath)
  if (basePath === '') return
  app.addHook('onRequest', (request, reply, done) => {
    const [path, query] = request.originalUrl.split('?')
    if (path !== basePath) return done()
    reply.redirect(`${basePath}/${query === undefined ? '' : `?${query}`}`, 308)
  })
  app.addHook('preSerialization', async (_request, _reply, payload) => prefixed(payload, basePath))
}

/** Paths are members of the body itself, or of a member of it. */
function prefixed(body: unknown, basePath: string, depth = 1): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body
  const changes = Object.entries(body).flatMap(([name, value]: [string, unknown]) => {
    if (PATH_MEMBERS.has(name) && typeof value === 'string') return [[name, basePath + value]]
    return depth > 0 && name === 'raw_response' ? [[name, prefixed(value, basePath, depth - 1)]] : []
  })
  return changes.length === 0 ? body : { ...body, ...Object.fromEntries(changes) }
}
