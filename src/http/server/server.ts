import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { fastify, type FastifyBaseLogger } from 'fastify'
import type { App } from './app.ts'
import { addBasePath, createRewriteUrl } from './responses/base-path.ts'
import { compressResponses } from './responses/compression.ts'
import { limitConnections } from './connection-limit.ts'
import { allowOrigins } from './responses/cors.ts'
import { compileSerializer } from './responses/serializer.ts'
import { handleErrors, sendBrokenRequest, sendError } from './error-handler.ts'
import { guardHosts, type HostOptions } from './host-guard.ts'
import { refuseOverload, type OverloadOptions } from './overload.ts'
import { EMPTY_BODY_OPTIONS, readEmptyBodies } from './requests/empty-bodies.ts'
import { lazyChildren } from './requests/lazy-log.ts'
import { createRequestIds } from './requests/request-id.ts'
import { createRequestLog } from './requests/request-log.ts'
import { createQueryParser } from './validation/query-parser.ts'
import { compileValidator } from './validation/validator.ts'

export type ServerOptions = HostOptions &
  OverloadOptions & {
    readonly log: FastifyBaseLogger
    /** Addresses of proxies whose headers for the caller's address and protocol are trusted. */
    readonly trustedProxies: readonly string[]
    /** The path under which a proxy serves this service, such as `/market`. */
    readonly basePath?: string | undefined
    /** Origins whose pages may read, such as `https://notebook.example`. */
    readonly corsOrigins?: readonly string[] | undefined
    /** Maximum number of open connections; the default is 10,000. */
    readonly connectionLimit?: number | undefined
    /** What a caller of an unknown path should know; ends the detail of its problem. */
    readonly notFoundHint: string
  }

const BODY_LIMIT = 64 * 1024
/** For the request to arrive; it does not limit the response. */
const REQUEST_TIMEOUT_MS = 30_000

/** A server with all limits and guards that do not depend on who calls, without routes. */
export function createServer(options: ServerOptions): App {
  const { log, trustedProxies, basePath = '', corsOrigins = [] } = options
  const app: App = fastify({
    http: EMPTY_BODY_OPTIONS,
    loggerInstance: lazyChildren(log),
    logController: createRequestLog(log),
    genReqId: createRequestIds(),
    rewriteUrl: createRewriteUrl(basePath),
    routerOptions: { querystringParser: createQueryParser() },
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    frameworkErrors: sendError,
    clientErrorHandler: sendBrokenRequest,
    schemaController: { compilersFactory: { buildValidator: neverCalled, buildSerializer: neverCalled } },
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(compileValidator)
  app.setSerializerCompiler(compileSerializer)
  acceptJsonOnly(app)
  readEmptyBodies(app)
  handleErrors(app, options.notFoundHint)
  limitConnections(app, options.connectionLimit)
  addHeaders(app)
  refuseOverload(app, options)
  guardHosts(app, options)
  allowOrigins(app, corsOrigins)
  addBasePath(app, basePath)
  compressResponses(app)
  return app
}

/** In place of Fastify's own compilers, which it would otherwise load at each start: a tenth of the time until it listens. */
function neverCalled(): never {
  throw new Error('Another compiler of schemas is set.')
}

/** JSON is the only body accepted. An empty one counts as none: many clients name a type without sending a body. */
function acceptJsonOnly(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else void parse(request, String(body), done)
  })
}

/** What helmet would set for an interface that serves data; computed once, since every response carries it. */
const HEADERS = {
  'content-security-policy': "default-src 'none';frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

function addHeaders(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers(HEADERS).header('x-request-id', request.id)
    done()
  })
}
