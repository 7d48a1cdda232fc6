import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { HTTP_SETTINGS } from '../http/server/settings.ts'
import { KAFKA_SETTINGS, kafkaMistakes } from '../kafka/client/settings.ts'
import { AVERAGES_SETTINGS } from '../postgres/averages/settings.ts'
import { DATABASE_SETTINGS } from '../postgres/connection/settings.ts'
import { RETENTION_SETTINGS } from '../postgres/log/settings.ts'
import { PROXY_SETTINGS } from '../providers/transport/proxy.ts'
import { missingSettings, NAMES_AND_ALIASES, PROVIDER_SETTINGS, PROVIDERS } from '../providers/registry.ts'
import { allowedRange, allowedValues } from './allowed-values.ts'

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

/**
 * Every variable that the service reads: each room declares its own, and only those of the process as a whole stand here.
 * `.env.example` and the configuration page are generated from it.
 *
 * Besides TypeBox's options a setting may have `expects` (the valid values, for people), `secret` (never logged), `alias`
 * (another name that is read), and `read` (turns the text into the value, or into undefined if it is invalid).
 */
export const Environment = Type.Object({
  ...HTTP_SETTINGS,
  FIRST_KEY_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'If no key exists yet, `serve` creates an admin key and writes it to this file.',
    }),
  ),
  ...DATABASE_SETTINGS,
  ...RETENTION_SETTINGS,
  ...KAFKA_SETTINGS,
  ...AVERAGES_SETTINGS,
  DEFAULT_PROVIDER: Type.Enum([...NAMES_AND_ALIASES], {
    default: 'yfinance',
    description: 'Provider for requests that name none.',
  }),
  ...PROVIDER_SETTINGS,
  ...PROXY_SETTINGS,
  LOG_LEVEL: Type.Enum(LOG_LEVELS, {
    default: 'info',
    description: 'Minimum level of the lines that are logged to stderr.',
  }),
})

/** The providers, for the help of commands. */
export const PROVIDER_NAMES: readonly string[] = PROVIDERS.map(({ name }) => name)

/** The settings of one process, under the names of their variables. */
export type Config = Readonly<Static<typeof Environment>>

/** Everything that is wrong with the environment, one line each. The process ends with exit code 78 (EX_CONFIG). */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the settings once. Variables that the environment does not set come from `.env` in the working directory.
 * @throws ConfigError that lists every mistake with its variable
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env, dotEnv = '.env'): Config {
  const texts = { ...readDotEnv(dotEnv), ...env }
  const values: unknown = Value.Default(Environment, Value.Convert(Environment, readValues(texts)))
  const problems = [...mistakes(values, texts), ...crossChecks(values as Config)]
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(values as Config)
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** The values that must never appear in a log. */
export function secretsOf({ DATABASE_URL: address, ...config }: Config): string[] {
  const marked = Object.entries(config).filter(([name]) => 'secret' in settingOf(name))
  const ofDatabase = address === undefined ? [] : [address.url, ...address.passwords]
  return [...marked.map(([, value]) => String(value)), ...ofDatabase]
}

function readDotEnv(path: string): NodeJS.ProcessEnv {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new ConfigError([`${path}: ${(error as Error).message}`])
  }
}

/** Only variables of this service. An empty one counts as not set. */
function readValues(texts: NodeJS.ProcessEnv): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries<Setting>(Environment.properties)) {
    const text = textOf(texts, name, setting)
    if (text !== undefined && text !== '') values[name] = readValue(setting, text)
  }
  return values
}

type Setting = TSchema & { readonly read?: (text: string) => unknown; readonly alias?: string }

/** A variable in capitals comes before one that other programs write in small letters. */
function textOf(texts: NodeJS.ProcessEnv, name: string, { alias }: Setting): string | undefined {
  return texts[name]?.trim() || (alias === undefined ? undefined : texts[alias]?.trim())
}

/** Lists are separated by commas. Text that cannot be read stays text, which the schema then refuses. */
function readValue(setting: Setting, text: string): unknown {
  if ('items' in setting) return text.split(',').map((part) => part.trim())
  return setting.read?.(text) ?? text
}

function mistakes(values: unknown, texts: NodeJS.ProcessEnv): string[] {
  const found = new Map<string, string>()
  for (const { instancePath, message } of Value.Errors(Environment, values)) {
    const name = instancePath.split('/')[1] ?? ''
    const setting = settingOf(name)
    const value = 'secret' in setting ? '…' : texts[name]?.trim()
    // If a list as a whole is wrong, for example too long, only the validator's message describes it.
    const isOneValue = !('items' in setting) || instancePath !== `/${name}`
    const allowed = allowedValues(setting) ?? (isOneValue ? allowedRange(setting) : undefined)
    if (!found.has(name)) found.set(name, `${name}=${value}: must be ${allowed ?? message.replace(/^must be /, '')}`)
  }
  return [...found.values()]
}

function settingOf(name: string): TSchema {
  return Object.entries<TSchema>(Environment.properties).find(([key]) => key === name)?.[1] ?? {}
}

function crossChecks(config: Config): string[] {
  const { DEFAULT_PROVIDER: provider } = config
  const missing = missingSettings(provider, config)
  return [...kafkaMistakes(config), ...missing.map((name) => `DEFAULT_PROVIDER=${provider}: requires ${name}`)]
}
