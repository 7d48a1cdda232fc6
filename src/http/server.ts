import type { TypeBoxTypeProvider, TypeBoxValidatorCompiler } from '@fastify/type-provider-typebox'
import {
  fastify,
  LogController,
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import { guardAccess, type Access, type AccessNeeds } from './access/authorize.ts'
import { answerBrokenRequest, answerFailure, answerFailures, requestIdOf } from './server/error-handler.ts'
import type { App } from './server/app.ts'
import { keepConnections, type ConnectionNeeds } from './server/connection-limit.ts'
import { documentRoutes, serveDocuments, type DocumentNeeds } from './server/openapi.ts'
import { guardRequests, type GuardNeeds } from './server/host-guard.ts'
import { healthReportRoutes, type HealthReportNeeds } from './health/health.ts'
import { healthRoutes, versionRoutes, type HealthNeeds, type VersionNeeds } from './health/probes.ts'
import { historyRoutes, type HistoryNeeds } from './prices/history.ts'
import { jobRoutes } from './polling/jobs.ts'
import { keyRoutes, type KeyNeeds } from './access/keys.ts'
import { latestRoutes, type LatestNeeds } from './prices/latest.ts'
import { lineageRoutes, type LineageNeeds } from './prices/lineage.ts'
import { metricsRoutes, type MetricsNeeds } from './health/metrics.ts'
import { averageRoutes, type AverageNeeds } from './averages/averages.ts'
import { watchMethods } from './server/method-not-allowed.ts'
import { refuseOverload, type OverloadNeeds } from './server/overload.ts'
import { pageRoutes, type PageNeeds } from './server/dashboard-files.ts'
import { pollRoutes, type PollNeeds } from './polling/poll.ts'
import { providerRoutes } from './prices/providers.ts'
import { sessionRoutes, type SessionNeeds } from './access/session.ts'
import { streamRoutes, type StreamNeeds } from './streams/sse.ts'
import { symbolRoutes, type SymbolNeeds } from './prices/symbols.ts'

export type HttpNeeds = ConnectionNeeds &
  OverloadNeeds &
  GuardNeeds &
  AccessNeeds &
  KeyNeeds &
  SessionNeeds &
  HealthNeeds &
  VersionNeeds &
  LatestNeeds &
  PollNeeds &
  HistoryNeeds &
  LineageNeeds &
  AverageNeeds &
  StreamNeeds &
  SymbolNeeds &
  HealthReportNeeds &
  MetricsNeeds &
  PageNeeds &
  DocumentNeeds & {
    readonly log: FastifyBaseLogger
    /** Addresses of proxies whose word for the caller's address and protocol is taken. */
    readonly trustedProxies: readonly string[]
    /** Otherwise only how the process is: `/livez`, `/readyz`, `/metrics`. */
    readonly answersAll: boolean
  }

const BODY_LIMIT = 64 * 1024
/** For a request to arrive, not for its answer. */
const REQUEST_TIMEOUT_MS = 30_000

/** The whole HTTP interface, not yet listening. Closing it ends open streams first. */
export function createServer(needs: HttpNeeds): FastifyInstance {
  const app: App = fastify({
    loggerInstance: needs.log,
    logController: createRequestLog(),
    genReqId: requestIdOf,
    bodyLimit: BODY_LIMIT,
    requestTimeout: REQUEST_TIMEOUT_MS,
    trustProxy: needs.trustedProxies.length > 0 && [...needs.trustedProxies],
    frameworkErrors: answerFailure,
    clientErrorHandler: answerBrokenRequest,
  }).withTypeProvider<TypeBoxTypeProvider>()
  app.setValidatorCompiler(compileValidator)
  readOnlyJson(app)
  answerFailures(app, needs.answersAll ? '/docs lists what there is' : 'this process has not the role api')
  keepConnections(app, needs)
  addHeaders(app)
  refuseOverload(app, needs)
  guardRequests(app, needs)
  const access = guardAccess(app, needs)
  if (needs.answersAll) documentRoutes(app, needs.version.version)
  // In a plugin, so that the documentation is there before the first route is.
  app.register(async (scope: App) => {
    const refuseOtherMethods = watchMethods(scope)
    healthRoutes(scope, needs)
    metricsRoutes(scope, needs)
    if (needs.answersAll) addRoutes(scope, access, needs)
    refuseOtherMethods()
  })
  return app
}

/**
 * As the type provider's own, but for one step: most queries are texts that are right as they came, and only the others
 * are converted to what the schema wants. Its own behind ours would compile every schema twice at each start.
 */
const compileValidator: typeof TypeBoxValidatorCompiler = ({ schema, httpPart }) => {
  const fits = Compile(schema)
  return (given) => {
    if (fits.Check(given)) return { value: given }
    const value = httpPart === 'body' ? given : Value.Convert(schema, given)
    return fits.Check(value) ? { value } : { error: fits.Errors(value) }
  }
}

function addRoutes(app: App, access: Access, needs: HttpNeeds): void {
  latestRoutes(app, needs)
  historyRoutes(app, needs)
  pollRoutes(app, needs)
  jobRoutes(app, needs)
  lineageRoutes(app, needs)
  averageRoutes(app, needs)
  streamRoutes(app, access, needs)
  providerRoutes(app, needs)
  symbolRoutes(app, needs)
  keyRoutes(app, access, needs)
  sessionRoutes(app, access, needs)
  versionRoutes(app, needs)
  healthReportRoutes(app, needs)
  pageRoutes(app, needs)
  serveDocuments(app, needs)
}

/** JSON is the only body that is read; an empty one counts as none, since many clients name a type without sending any. */
function readOnlyJson(app: App): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) done(null, undefined)
    else void parse(request, String(body), done)
  })
}

/** What helmet would set for an interface that serves data; computed once, since every answer carries it. */
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

/** One line a request, and at `debug`: at `info` a service that is polled would speak of little else. */
function createRequestLog(): LogController {
  return Object.assign(new LogController(), {
    incomingRequest: () => {},
    requestCompleted: (error: unknown, { log, method, url }: FastifyRequest, reply: FastifyReply) =>
      log.debug({ method, url, status: reply.statusCode, ms: Math.round(reply.elapsedTime), err: error }, 'request'),
    // A reader of a stream leaves like this, every time.
    streamError: (error: NodeJS.ErrnoException, { log }: FastifyRequest) => {
      const level = error.code === 'ERR_STREAM_PREMATURE_CLOSE' ? 'debug' : 'warn'
      log[level]({ err: error }, 'an answer was cut off')
    },
  })
}
