import type { FastifyInstance } from 'fastify'
import { accessApi } from './access/api.ts'
import { guardAccess, isProbe, type Access } from './access/authorize.ts'
import { SESSION_COOKIE } from './access/session-cookie.ts'
import { averagesApi } from './averages/api.ts'
import { dashboardApi } from './dashboard/dashboard-files.ts'
import { describeApi, documentsApi } from './documents/openapi.ts'
import { healthApi } from './health/api.ts'
import { pollingApi } from './polling/jobs.ts'
import { pricesApi } from './prices/api.ts'
import type { App, Feature } from './server/app.ts'
import { watchMethods } from './server/method-not-allowed.ts'
import { createServer, type ServerOptions } from './server/server.ts'
import { streamsApi } from './streams/sse.ts'

const features = {
  prices: pricesApi,
  polling: pollingApi,
  averages: averagesApi,
  streams: streamsApi,
  access: accessApi,
  health: healthApi,
  dashboard: dashboardApi,
  documents: documentsApi,
}

type Features = typeof features

/** What each feature depends on, by its name. */
export type FeatureDeps = {
  readonly [Name in keyof Features]: Features[Name] extends Feature<infer Deps> ? Deps : never
}

/** Everything that the HTTP interface serves. */
export const FEATURES: { readonly [Name in keyof FeatureDeps]: Feature<FeatureDeps[Name]> } = features

export type ApiDeps = FeatureDeps & {
  readonly server: Omit<ServerOptions, 'isExempt' | 'notFoundHint'>
  /** Decides on every request, whichever feature serves it. */
  readonly guard: Access
  /** If false, only the monitoring of each feature is served. */
  readonly servesAll: boolean
}

/** The whole HTTP interface, not yet listening. Closing it ends open streams first. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const { servesAll } = deps
  const notFoundHint = servesAll ? '/docs lists all paths' : 'this process does not have the role api'
  const app = createServer({ ...deps.server, isExempt: isProbe, notFoundHint })
  guardAccess(app, deps.guard)
  if (servesAll)
    describeApi(app, { version: deps.documents.version, cookie: SESSION_COOKIE, basePath: deps.server.basePath ?? '' })
  // In a plugin, so that the documentation is registered before the first route.
  app.register(async (scope: App) => {
    const refuseOtherMethods = watchMethods(scope)
    for (const name of NAMES) addFeature(scope, name, deps)
    refuseOtherMethods()
  })
  return app
}

const NAMES = Object.keys(features) as (keyof Features)[]

function addFeature<Name extends keyof FeatureDeps>(
  app: App,
  name: Name,
  deps: Pick<ApiDeps, Name | 'servesAll'>,
): void {
  const { routes, monitoring = [] } = FEATURES[name]
  const served = deps.servesAll ? [...monitoring, ...routes] : monitoring
  for (const addRoutes of served) addRoutes(app, deps[name])
}
