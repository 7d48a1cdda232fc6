import { ROLES, type Role } from '../../core/cluster/roles.ts'

/** What a person wants to know of a service that has just started. */
export type StartBanner = {
  readonly url: string
  readonly version: string
  readonly roles: readonly Role[]
  /** Where the data lies; of a server its address without the password. */
  readonly data: string
  /** Why it lies elsewhere than expected. */
  readonly dataNote?: string | undefined
  /** Symbols for which `--demo` has just made jobs. */
  readonly demoSymbols: readonly string[]
  readonly access: keyof typeof ACCESS
}

/** The block that `serve` prints once it is ready. Its calls are to be copied; none of them needs a network. */
export function startBanner(facts: StartBanner): string {
  const { url, version, roles, data, dataNote, demoSymbols } = facts
  const isApi = roles.includes('api')
  const lines = [
    `market-data ${version} is ready`,
    '',
    `  Page     ${url}/`,
    `  Service  ${url}`,
    isApi
      ? `  Docs     ${url}/docs`
      : `  Health   ${url}/readyz and ${url}/metrics, and nothing else: not of the role api`,
    ...(roles.length < ROLES.length ? [`  Roles    ${roles.join(', ')}`] : []),
    `  Data     ${data}`,
    ...(dataNote === undefined ? [] : [`           ${dataNote}`]),
    `  Access   ${accessText(facts)}`,
  ]
  if (demoSymbols.length > 0)
    lines.push(`  Demo     polls simulated prices of ${demoSymbols.join(', ')} every 2 seconds`)
  return `${[...lines, '', ...(isApi ? [...CALLS.map((call) => `  ${call(url)}`), ''] : []), '  Ctrl-C stops it.'].join('\n')}\n`
}

/** Who gets in. */
export function accessText({ access }: Pick<StartBanner, 'access'>): string {
  return ACCESS[access]
}

const ACCESS = {
  keys: 'with a key (market-data keys create)',
  'this machine': 'this machine only, without a key',
  everybody: 'everybody who can reach this address, without a key (AUTH=off)',
} as const

const ORDER = '{"symbol":"AAPL","interval_seconds":2,"provider":"simulated"}'

const CALLS: readonly ((url: string) => string)[] = [
  (url) => `curl '${url}/prices/latest?symbol=AAPL&provider=simulated'`,
  (url) => `curl -X POST '${url}/prices/poll' -H 'content-type: application/json' -d '${ORDER}'`,
  (url) => `curl -N '${url}/prices/stream?symbols=AAPL'`,
]
