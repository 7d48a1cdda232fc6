import type { Static } from 'typebox'
import { ProbeStatus, VersionBody } from '../../formats/health/health.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { NoQuery } from '../server/query.ts'

export type ProbeDeps = {
  /** Resolves when the database answers. @throws the error that prevents it */
  readonly ready: () => Promise<void>
  /** Resolves when Kafka answers, or if the process is useful without it. @throws ServiceError */
  readonly kafkaReady: () => Promise<void>
}

export type VersionDeps = { readonly version: Static<typeof VersionBody> }

/** Whether the process is alive, and whether it can work. */
export function probeRoutes(app: App, deps: ProbeDeps): void {
  livenessRoute(app)
  readinessRoute(app, deps)
}

function livenessRoute(app: App): void {
  const schema = {
    operationId: 'getLiveness',
    tags: ['Service'],
    summary: 'Check that the process is alive',
    description: 'Checks nothing else: if it fails, replace the process.',
    querystring: NoQuery,
    response: { 200: ProbeStatus, ...problems() },
  }
  app.get('/livez', { schema }, async () => ({ status: 'ok' as const }))
}

function readinessRoute(app: App, { ready, kafkaReady }: ProbeDeps): void {
  const schema = {
    operationId: 'getReadiness',
    tags: ['Service'],
    summary: 'Check that the process can serve requests',
    description: `The database answers, and so does Kafka if the process only relays or consumes. An unavailable provider does not
count, and a standby process is ready.`,
    querystring: NoQuery,
    response: { 200: ProbeStatus, ...problems() },
  }
  app.get('/readyz', { schema }, async () => {
    await Promise.all([ready(), kafkaReady()])
    return { status: 'ok' as const }
  })
}

export function versionRoute(app: App, { version }: VersionDeps): void {
  const schema = {
    operationId: 'getVersion',
    tags: ['Service'],
    summary: 'Show the version of the service',
    querystring: NoQuery,
    response: { 200: VersionBody, ...problems() },
  }
  app.get('/version', { schema }, async () => version)
}
