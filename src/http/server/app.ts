import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'

/** The server as routes see it: the types of a handler follow from its schema. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

/** Declares one route, or a few of the same noun. */
export type AddRoutes<Deps> = (app: App, deps: Deps) => void

/** One noun of the HTTP interface: everything that it serves. `api.ts` lists the features. */
export type Feature<Deps> = {
  /** Served by processes with the role api. */
  readonly routes: readonly AddRoutes<Deps>[]
  /** Served by every process, so that each can be monitored. */
  readonly monitoring?: readonly AddRoutes<Deps>[]
}
