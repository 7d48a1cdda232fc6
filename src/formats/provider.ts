import { Type, type Static } from 'typebox'
import type { RegisteredProvider } from '../core/prices/quote.ts'
import { orNull } from './json/fields.ts'

export const ProviderBody = Type.Object(
  {
    provider: Type.String({ examples: ['yfinance'] }),
    description: orNull(Type.String()),
    is_default: Type.Boolean(),
    can_search: Type.Boolean({ description: 'Whether /symbols searches it.' }),
    capabilities: Type.Object(
      { quotes: Type.Boolean(), bars: Type.Boolean(), stream: Type.Boolean(), search: Type.Boolean() },
      { description: 'What the provider offers: current prices, past intervals, pushed prices, symbols by name.' },
    ),
    max_batch: Type.Integer({ description: 'Maximum number of symbols in one request to it.', examples: [50] }),
    advised_interval_seconds: Type.Number({
      description: 'Polling more often than this is not advised.',
      examples: [15],
    }),
    parser_version: Type.Integer({ description: 'Version of the parser that reads its responses.' }),
  },
  { title: 'Provider' },
)

export function providerBody(provider: RegisteredProvider, isDefault: boolean): Static<typeof ProviderBody> {
  return {
    provider: provider.name,
    description: provider.description ?? null,
    is_default: isDefault,
    can_search: provider.searchSymbols !== undefined,
    capabilities: provider.capabilities,
    max_batch: provider.maxBatch,
    advised_interval_seconds: provider.advisedIntervalSeconds,
    parser_version: provider.parserVersion,
  }
}
