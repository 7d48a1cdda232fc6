import { Type, type Static } from 'typebox'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { NoQuery } from '../server/query.ts'

const Version = Type.Object(
  {
    name: Type.String({ examples: ['market-data-service'] }),
    version: Type.String({ examples: ['0.1.0'] }),
    node: Type.String({ examples: ['v24.21.0'] }),
  },
  { title: 'Version', description: 'The program and what runs it.' },
)

const Status = Type.Object({ status: Type.Literal('ok') }, { title: 'Status', description: 'Yes.' })

export type HealthNeeds = {
  /** Resolves when the database answers. @throws whatever keeps it from that */
  readonly ready: () => Promise<void>
  /** Resolves when Kafka answers, or the process is of use without it. @throws ServiceError */
  readonly kafkaReady: () => Promise<void>
}

export type VersionNeeds = { readonly version: Static<typeof Version> }

/** Is the process alive, and can it work? */
export function healthRoutes(app: App, { ready, kafkaReady }: HealthNeeds): void {
  app.get(
    '/livez',
    {
      schema: {
        operationId: 'getLiveness',
        tags: ['Service'],
        summary: 'Is the process alive?',
        description: 'Asks nothing else: a failure means that the process should be replaced.',
        querystring: NoQuery,
        response: { 200: Status, ...problems() },
      },
    },
    async () => ({ status: 'ok' as const }),
  )
  app.get(
    '/readyz',
    {
      schema: {
        operationId: 'getReadiness',
        tags: ['Service'],
        summary: 'Can it serve requests?',
        description:
          'The database answers and, where the process only relays or consumes, Kafka. A provider that is away does not count, and standing by is ready.',
        querystring: NoQuery,
        response: { 200: Status, ...problems() },
      },
    },
    async () => {
      await Promise.all([ready(), kafkaReady()])
      return { status: 'ok' as const }
    },
  )
}

/** What is it? */
export function versionRoutes(app: App, { version }: VersionNeeds): void {
  app.get(
    '/version',
    {
      schema: {
        operationId: 'getVersion',
        tags: ['Service'],
        summary: 'What is running?',
        querystring: NoQuery,
        response: { 200: Version, ...problems() },
      },
    },
    async () => version,
  )
}
