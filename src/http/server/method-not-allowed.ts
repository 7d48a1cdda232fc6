import { ServiceError } from '../../errors.ts'
import type { App } from './app.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'] as const

/**
 * Answers a request for a known path with another method with 405 and `Allow`, before the body is read. Call it before the
 * first route is declared, and the function that it returns after the last.
 */
export function watchMethods(app: App): () => void {
  const known = new Map<string, Set<string>>()
  app.addHook('onRoute', ({ url, method }) => {
    const methods = known.get(url) ?? new Set()
    for (const one of [method].flat()) methods.add(one)
    known.set(url, methods)
  })
  return () => {
    // A copy, since the hook also sees the routes declared here.
    for (const [url, methods] of new Map(known)) refuseOthers(app, url, [...methods])
  }
}

function refuseOthers(app: App, url: string, allowed: readonly string[]): void {
  const method = METHODS.filter((one) => !allowed.includes(one))
  const allow = allowed.toSorted().join(', ')
  app.route({
    method,
    url,
    schema: { hide: true },
    onRequest: async (request, reply) => {
      reply.header('allow', allow)
      throw new ServiceError('method_not_allowed', `${request.method} is not allowed for this path, only ${allow}.`)
    },
    handler: () => {},
  })
}
