import { ROLES, type Role } from '../../core/cluster/roles.ts'
import { linesText } from './output.ts'

/** The status of a service that has just started. */
export type StartBanner = {
  readonly url: string
  readonly version: string
  readonly roles: readonly Role[]
  /** The data directory, or the URL of the database without its password. */
  readonly data: string
  /** Why the data directory is not the default one. */
  readonly dataNote?: string | undefined
  /** Symbols for which `--demo` has just created jobs. */
  readonly demoSymbols: readonly string[]
  readonly access: keyof typeof ACCESS
}

/** The text that `serve` prints when it is ready. Its example requests can be copied; none needs internet access. */
export function startBanner(status: StartBanner): string {
  const { url, version, roles, data, dataNote, demoSymbols } = status
  const isApi = roles.includes('api')
  const lines = [
    `market-data ${version} is ready`,
    '',
    `  Page     ${url}/`,
    `  Service  ${url}`,
    isApi ? `  Docs     ${url}/docs` : `  Health   ${url}/readyz and ${url}/metrics only, without the role api`,
    ...(roles.length < ROLES.length ? [`  Roles    ${roles.join(', ')}`] : []),
    `  Data     ${data}`,
    ...(dataNote === undefined ? [] : [`           ${dataNote}`]),
    `  Access   ${accessText(status)}`,
  ]
  if (demoSymbols.length > 0)
    lines.push(`  Demo     polls simulated prices of ${demoSymbols.join(', ')} every 2 seconds`)
  if (isApi) lines.push('', ...REQUESTS.map((request) => `  ${request(url)}`))
  return linesText([...lines, '', '  Press Ctrl-C to stop.'])
}

/** Who may send requests. */
export function accessText({ access }: Pick<StartBanner, 'access'>): string {
  return ACCESS[access]
}

const ACCESS = {
  keys: 'requires an API key (market-data keys create)',
  'this machine': 'this machine only, without a key',
  everybody: 'anyone who can reach this address, without a key (AUTH=off)',
} as const

const JOB = '{"symbol":"AAPL","interval_seconds":2,"provider":"simulated"}'

const REQUESTS: readonly ((url: string) => string)[] = [
  (url) => `curl '${url}/prices/latest?symbol=AAPL&provider=simulated'`,
  (url) => `curl -X POST '${url}/prices/poll' -H 'content-type: application/json' -d '${JOB}'`,
  (url) => `curl -N '${url}/prices/stream?symbols=AAPL'`,
]
