import type { Clock } from '../lib/clock.ts'
import { ServiceError } from '../errors.ts'
import type { QuoteProvider } from '../core/prices/quote.ts'
import type { ProviderLog } from './transport/circuit-breaker.ts'
import { createImported } from './csv/imported.ts'
import { createReplay, replayParser } from './replay/provider.ts'
import { createSimulated } from './simulated/provider.ts'
import { createYahoo } from './yahoo/provider.ts'

/** What the configuration says of the providers; `fetch` is given by tests only. */
type Needs = {
  readonly clock: Clock
  readonly yahooBaseUrl?: string | undefined
  readonly yahooTimeoutMs?: number | undefined
  readonly simulatedSeed?: string | undefined
  /** Without a file there is no provider `replay`. */
  readonly replayFile?: string | undefined
  readonly replaySpeed?: number | undefined
  readonly fetch?: typeof fetch | undefined
  readonly log?: ProviderLog | undefined
}

export type ProviderRegistry = {
  /**
   * By name or alias; also one whose prices were imported.
   * @throws ServiceError `unknown_provider`
   */
  get(name: string): QuoteProvider
  list(): readonly QuoteProvider[]
  /** What reads the replies of a provider, also of one that has no source now; undefined for an unknown one. */
  parserOf(provider: string): Parser | undefined
}

type Parser = Pick<QuoteProvider, 'parserVersion' | 'parseReply'>

const ALIASES: ReadonlyMap<string, string> = new Map([['yahoo', 'yfinance']])

/** Every provider that this service has, ready to be asked; none is asked anything by that. */
export function createProviderRegistry(needs: Needs): ProviderRegistry {
  const sources = new Map(buildProviders(needs).map((source) => [source.name, source]))
  return {
    get: (name) => {
      const source = sources.get(ALIASES.get(name) ?? name) ?? createImported(name)
      if (source) return source
      const known = [...sources.keys()].join(', ')
      throw new ServiceError(
        'unknown_provider',
        `No provider ${JSON.stringify(name.slice(0, 40))}. There are: ${known}.`,
      )
    },
    list: () => [...sources.values()],
    parserOf: (provider) =>
      sources.get(provider) ?? createImported(provider) ?? (provider === replayParser.name ? replayParser : undefined),
  }
}

function buildProviders({ clock, log, ...needs }: Needs): readonly QuoteProvider[] {
  const sources = [
    createYahoo({ clock, log, baseUrl: needs.yahooBaseUrl, timeoutMs: needs.yahooTimeoutMs, fetch: needs.fetch }),
    createSimulated({ seed: needs.simulatedSeed ?? 'market-data', clock }),
  ]
  if (needs.replayFile === undefined) return sources
  return [...sources, createReplay({ file: needs.replayFile, speed: needs.replaySpeed ?? 1, clock })]
}
