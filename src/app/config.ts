import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { parseEnv } from 'node:util'
import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { KAFKA_SETTINGS, kafkaMistakes } from '../kafka/client/settings.ts'
import { readAddress } from '../postgres/connection/url.ts'

const PROVIDERS = ['yfinance', 'yahoo', 'simulated', 'replay'] as const
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

const days = (description: string, options = {}) =>
  Type.Integer({ minimum: 1, maximum: 36_500, description, ...options })
const address = (description: string) =>
  Type.String({ pattern: '^https?://', expects: 'an http or https address', description })

/** Every variable that the service reads. `.env.example` and the configuration page are made from it. */
export const Environment = Type.Object({
  HOST: Type.String({
    default: '127.0.0.1',
    minLength: 1,
    description: 'Address to listen on. Anything but loopback needs a key to be there, or `AUTH=off`, said on purpose.',
  }),
  PORT: Type.Integer({
    default: 8000,
    minimum: 0,
    maximum: 65_535,
    description: 'Port to listen on; 0 takes a free one.',
  }),
  ALLOWED_HOSTS: Type.Array(Type.String({ pattern: '^[A-Za-z0-9.-]+$' }), {
    default: [],
    description: 'Further names by which the service may be called (`Host` header, without port), separated by commas.',
  }),
  AUTH: Type.Enum(['on', 'off'], {
    default: 'on',
    description: '`off` lets everybody in who reaches the port, also from other machines; only keys still need a key.',
  }),
  FIRST_KEY_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Where no key was ever made, `serve` makes one for an admin and writes it into this new file.',
    }),
  ),
  RATE_LIMIT: Type.Integer({
    default: 6_000,
    minimum: 0,
    maximum: 1_000_000,
    description: 'Requests a minute of one key, or of one address without a key; 0 sets no limit.',
  }),
  TRUST_PROXY: Type.Array(Type.Refine(Type.String(), isNetwork), {
    default: [],
    expects: 'addresses or networks like 10.0.0.0/8',
    description: 'Proxies whose `X-Forwarded-For` and `-Proto` are believed, separated by commas.',
  }),
  DATA_DIR: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'Where the embedded database lies. Default: `./data`; unused with `DATABASE_URL`.',
    }),
  ),
  DATABASE_URL: Type.Optional(
    Type.Refine(
      Type.String({
        pattern: '^postgres(ql)?://',
        expects: 'an address like postgres://user@host/database',
        secret: true,
        description: 'A PostgreSQL 15 or newer to use instead of the embedded one.',
      }),
      (text) => readAddress(text) !== undefined,
    ),
  ),
  DATABASE_POOL: Type.Integer({
    default: 8,
    minimum: 2,
    maximum: 100,
    description: 'The most connections to PostgreSQL for requests and work; leases and maintenance take three more.',
  }),
  ...KAFKA_SETTINGS,
  MA_WINDOWS: Type.Array(Type.Integer({ minimum: 1, maximum: 500 }), {
    default: [5],
    minItems: 1,
    maxItems: 10,
    uniqueItems: true,
    description: 'Windows of the moving averages in prices, separated by commas.',
  }),
  DEFAULT_PROVIDER: Type.Enum(PROVIDERS, {
    default: 'yfinance',
    description: 'The provider of requests that name none.',
  }),
  YFINANCE_BASE_URL: Type.Optional(
    address('Asks here instead of Yahoo; the real host travels in `x-forwarded-host`. For tests and proxies.'),
  ),
  YFINANCE_TIMEOUT_MS: Type.Integer({
    default: 10_000,
    minimum: 100,
    maximum: 120_000,
    description: 'After so many milliseconds Yahoo counts as too slow.',
  }),
  SIMULATED_SEED: Type.String({ default: 'market-data', description: 'Another seed, another simulated market.' }),
  REPLAY_FILE: Type.Optional(
    Type.String({
      minLength: 1,
      description: 'CSV with `symbol,timestamp,price[,currency]` for the provider `replay`.',
    }),
  ),
  REPLAY_SPEED: Type.Number({
    default: 1,
    exclusiveMinimum: 0,
    description: 'How many times faster than life `replay` runs.',
  }),
  RETENTION_PRICES_DAYS: Type.Optional(days('Keep prices so long. Default: for ever.')),
  RETENTION_SIMULATED_DAYS: days('Keep simulated prices so long.', { default: 7 }),
  RETENTION_RUNS_DAYS: days(
    'Keep the runs of polling jobs, and what was in dead letters that are dealt with, so long.',
    { default: 7 },
  ),
  LOG_LEVEL: Type.Enum(LOG_LEVELS, { default: 'info', description: 'How much is logged, to stderr.' }),
})

/** The settings of one process, named as the variables are. */
export type Config = Readonly<Static<typeof Environment>>

/** Everything that is wrong with the environment, a line each. The process ends with exit code 78 (EX_CONFIG). */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/**
 * Reads the settings once; `.env` in the working directory fills in what the environment does not say.
 * @throws ConfigError that lists every mistake with its variable
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env, dotEnv = '.env'): Config {
  const given = { ...readDotEnv(dotEnv), ...env }
  const values: unknown = Value.Default(Environment, Value.Convert(Environment, pick(given)))
  const problems = [...mistakes(values, given), ...crossChecks(values as Config)]
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(values as Config)
}

/** The variables as the documentation lists them. */
export function describeVariables() {
  return Object.entries<TSchema>(Environment.properties).map(([name, schema]) => {
    const { description, default: value } = schema as { description?: string; default?: unknown }
    return {
      name,
      description: description ?? '',
      default: value?.toString(),
      allowed: wanted(schema) ?? rangeOf(schema),
    }
  })
}

function rangeOf(schema: TSchema): string | undefined {
  const { minimum, maximum, items } = schema as { minimum?: number; maximum?: number; items?: TSchema }
  if (items !== undefined) return rangeOf(items)
  return minimum === undefined || maximum === undefined ? undefined : `${minimum} to ${maximum}`
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** An address, or a network like 10.0.0.0/8. */
function isNetwork(text: string): boolean {
  const [, ip = '', bits = '1'] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const longest = { 4: 32, 6: 128 }[isIP(ip)] ?? 0
  return Number(bits) >= 1 && Number(bits) <= longest
}

function readDotEnv(path: string): NodeJS.ProcessEnv {
  try {
    return parseEnv(readFileSync(path, 'utf8'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw new ConfigError([`${path}: ${(error as Error).message}`])
  }
}

/** Our variables only; an empty one counts as absent, and lists are separated by commas. */
function pick(given: NodeJS.ProcessEnv): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries<TSchema>(Environment.properties)) {
    const text = given[name]?.trim()
    if (text === undefined || text === '') continue
    values[name] = 'items' in schema ? text.split(',').map((part) => part.trim()) : text
  }
  return values
}

function mistakes(values: unknown, given: NodeJS.ProcessEnv): string[] {
  const found = new Map<string, string>()
  for (const { instancePath, message } of Value.Errors(Environment, values)) {
    const name = instancePath.split('/')[1] ?? ''
    const schema = property(name)
    const value = 'secret' in schema ? '…' : given[name]?.trim()
    // Of a list as a whole only the message tells what is wrong.
    const isOneValue = !('items' in schema) || instancePath !== `/${name}`
    const right = wanted(schema) ?? (isOneValue ? inRange(schema) : undefined) ?? message.replace(/^must be /, '')
    if (!found.has(name)) found.set(name, `${name}=${value}: must be ${right}`)
  }
  return [...found.values()]
}

function property(name: string): TSchema {
  return Object.entries<TSchema>(Environment.properties).find(([key]) => key === name)?.[1] ?? {}
}

/** What may stand in no log. */
export function secretsOf(config: Config): string[] {
  const marked = Object.entries(config).filter(([name]) => 'secret' in property(name))
  const passwords = readAddress(config.DATABASE_URL ?? '')?.passwords ?? []
  return [...marked.map(([, value]) => String(value)), ...passwords]
}

/** What would be right says more than the validator's word for what is wrong. */
function wanted(schema: TSchema): string | undefined {
  if ('expects' in schema) return String(schema.expects)
  return 'enum' in schema ? `one of ${(schema.enum as string[]).join(', ')}` : undefined
}

function inRange(schema: TSchema): string | undefined {
  const range = rangeOf(schema)
  if (range === undefined) return undefined
  return 'items' in schema ? `whole numbers from ${range}` : `a whole number from ${range}`
}

function crossChecks(config: Config): string[] {
  const problems = kafkaMistakes(config)
  if (config.DEFAULT_PROVIDER === 'replay' && config.REPLAY_FILE === undefined) {
    problems.push('DEFAULT_PROVIDER=replay: needs REPLAY_FILE')
  }
  return problems
}
