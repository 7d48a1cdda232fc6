import type { Static, TObject } from 'typebox'
import { ServiceError } from '../errors.ts'
import type { QuoteProvider, RegisteredProvider } from '../core/prices/quote.ts'
import type { ProviderDeps, ReplyParser } from './transport/provider-definition.ts'
import { REPLAY } from './replay/definition.ts'
import { SIMULATED } from './simulated/definition.ts'
import { YAHOO } from './yahoo/definition.ts'

/** Every provider of this service. Settings, help, documentation and retention are derived from this list. */
export const PROVIDERS = [YAHOO, SIMULATED, REPLAY] as const

type Definition = (typeof PROVIDERS)[number]
/** The intersection of the members of a union: the settings of one and of the other. */
type Together<Union> = (Union extends unknown ? (one: Union) => void : never) extends (all: infer All) => void
  ? All
  : never
type SettingsOfAll = Together<Definition['settings']>

/** The variables of all providers, for the one schema of the settings. */
export const PROVIDER_SETTINGS = Object.fromEntries(
  PROVIDERS.flatMap(({ settings }) => Object.entries(settings)),
) as SettingsOfAll

export type ProviderSettings = Static<TObject<SettingsOfAll>>

/** Every name that a request may use for a provider, aliases included. */
export const NAMES_AND_ALIASES: readonly string[] = PROVIDERS.flatMap(({ name, aliases }) => [name, ...aliases])

/** The providers whose prices are invented. */
export const SYNTHETIC_PROVIDERS: readonly string[] = PROVIDERS.filter(({ isSynthetic }) => isSynthetic).map(
  ({ name }) => name,
)

/** What is missing for the provider of that name or alias to be available: variables that are not set. */
export function missingSettings(name: string, settings: object): readonly string[] {
  const required: readonly string[] = definitionOf(name)?.requires ?? []
  return required.filter((variable) => (settings as Readonly<Record<string, unknown>>)[variable] === undefined)
}

export type ProviderRegistry = {
  /**
   * By name or alias; also a provider whose prices were imported.
   * @throws ServiceError `unknown_provider`
   */
  get(name: string): QuoteProvider
  /** The available providers. */
  list(): readonly RegisteredProvider[]
  /** Reads the stored replies of a provider, also of one that is not available now; undefined for an unknown one. */
  parserOf(provider: string): ReplyParser | undefined
}

/**
 * Creates every provider whose required settings are given. Sends no request.
 * @throws Error that begins with the variable whose value cannot be used
 */
export async function createProviderRegistry(
  settings: ProviderSettings,
  deps: ProviderDeps,
): Promise<ProviderRegistry> {
  const { createImported } = await import('./csv/imported.ts')
  const available = new Map<string, RegisteredProvider>()
  const parsers = new Map<string, ReplyParser>()
  for (const definition of PROVIDERS) {
    const { name, capabilities } = definition
    const provider = await definition.create(settings, deps)
    if (provider === undefined) parsers.set(name, await definition.loadParser())
    else available.set(name, { ...provider, capabilities })
  }
  return {
    get: (name) => {
      const provider = available.get(definitionOf(name)?.name ?? '') ?? createImported(name)
      return provider ?? unknownProvider(name, [...available.keys()])
    },
    list: () => [...available.values()],
    parserOf: (provider) => available.get(provider) ?? parsers.get(provider) ?? createImported(provider),
  }
}

function definitionOf(name: string): Definition | undefined {
  return PROVIDERS.find((one) => one.name === name || one.aliases.includes(name))
}

function unknownProvider(name: string, known: readonly string[]): never {
  const message = `No provider ${JSON.stringify(name.slice(0, 40))}. Available: ${known.join(', ')}.`
  throw new ServiceError('unknown_provider', message)
}
