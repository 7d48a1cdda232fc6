import { Type, type Static } from 'typebox'
import type { QuoteProvider, RegisteredProvider } from '../../core/prices/quote.ts'
import type { App } from '../server/app.ts'
import { listOf, pageBody } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { NoQuery } from '../server/query.ts'

/** The providers that this service has, and which one is meant where a request names none. */
export type ProviderNeeds = {
  readonly sources: {
    /** By name or alias. @throws ServiceError `unknown_provider` */
    get(name: string): QuoteProvider
    list(): readonly RegisteredProvider[]
  }
  readonly defaultProvider: string
}

const Provider = Type.Object(
  {
    provider: Type.String({ examples: ['yfinance'] }),
    description: Type.Union([Type.String(), Type.Null()]),
    is_default: Type.Boolean(),
    can_search: Type.Boolean({ description: 'Whether /symbols asks it.' }),
    capabilities: Type.Object(
      { quotes: Type.Boolean(), bars: Type.Boolean(), stream: Type.Boolean(), search: Type.Boolean() },
      { description: 'What the provider offers: current prices, past intervals, pushed prices, symbols by name.' },
    ),
    max_batch: Type.Integer({ description: 'The most symbols of one request to it.', examples: [50] }),
    advised_interval_seconds: Type.Number({ description: 'Polling more often is unwise.', examples: [15] }),
    parser_version: Type.Integer({ description: 'Of our code that reads its replies.' }),
  },
  { title: 'Provider' },
)

export function providerRoutes(app: App, { sources, defaultProvider }: ProviderNeeds): void {
  app.get(
    '/providers',
    {
      schema: {
        operationId: 'listProviders',
        tags: ['Providers'],
        summary: 'Where prices can come from',
        querystring: NoQuery,
        response: { 200: listOf(Provider, 'Providers'), ...problems() },
      },
    },
    async (request) => {
      const defaultName = sources.get(defaultProvider).name
      const providers = sources.list().map((source) => providerBody(source, defaultName))
      return pageBody(request, providers, null)
    },
  )
}

function providerBody(source: RegisteredProvider, defaultName: string): Static<typeof Provider> {
  return {
    provider: source.name,
    description: source.description ?? null,
    is_default: source.name === defaultName,
    can_search: source.searchSymbols !== undefined,
    capabilities: source.capabilities,
    max_batch: source.maxBatch,
    advised_interval_seconds: source.advisedIntervalSeconds,
    parser_version: source.parserVersion,
  }
}
