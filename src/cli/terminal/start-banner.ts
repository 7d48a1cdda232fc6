import { ROLES, type Role } from '../../core/cluster/roles.ts'
import { linesText } from './output.ts'

/** The status of a service that has just started. */
export type StartBanner = {
  /** Its address on this machine. */
  readonly url: string
  /** Its addresses for other machines. */
  readonly otherUrls: readonly string[]
  readonly version: string
  readonly roles: readonly Role[]
  /** The data directory, or the URL of the database without its password. */
  readonly data: string
  /** Why the data directory is not the default one. */
  readonly dataNote?: string | undefined
  /** The available providers. */
  readonly providers: readonly string[]
  /** The name or an alias of the provider for requests that name none. */
  readonly defaultProvider: string
  /** Symbols for which `--demo` has just created jobs. */
  readonly demoSymbols: readonly string[]
  readonly access: keyof typeof ACCESS
}

/** The text that `serve` prints when it is ready. Its example requests can be copied; none needs internet access. */
export function startBanner(status: StartBanner): string {
  const isApi = status.roles.includes('api')
  const rows = rowsOf(status, isApi).map(([label, value]) => `  ${label.padEnd(10)} ${value}`)
  const requests = isApi ? ['', ...requestsOf(status).map((line) => `  ${line}`)] : []
  return linesText([`market-data ${status.version} is ready`, '', ...rows, ...requests, '', '  Press Ctrl-C to stop.'])
}

type Row = readonly [label: string, value: string]

function rowsOf(status: StartBanner, isApi: boolean): Row[] {
  const { url, otherUrls, roles, data, dataNote } = status
  const rows: Row[] = isApi ? [['Dashboard', `${url}/`]] : []
  rows.push(['Service', url], ...otherUrls.map((other): Row => ['', `${other} (from other machines)`]))
  rows.push(isApi ? ['Docs', `${url}/docs`] : ['Health', `${url}/readyz and ${url}/metrics only, without the role api`])
  if (roles.length < ROLES.length) rows.push(['Roles', roles.join(', ')])
  rows.push(['Data', data])
  if (dataNote !== undefined) rows.push(['', dataNote])
  rows.push(['Access', accessText(status)])
  return isApi ? [...rows, ...priceRows(status)] : rows
}

/** Where prices come from. */
function priceRows({ providers, defaultProvider, demoSymbols }: StartBanner): Row[] {
  const rows: Row[] = [['Providers', `${providers.join(', ')}; requests that name none use ${defaultProvider}`]]
  if (demoSymbols.length === 0) return rows
  const symbols = demoSymbols.join(', ')
  rows.push(['Demo', `polls simulated prices of ${symbols} every 2 seconds`])
  if (defaultProvider !== 'simulated') rows.push(['', 'to read them, requests need provider=simulated'])
  return rows
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

/** If the service requires a key, the requests take it from a variable. */
function requestsOf({ url, access }: StartBanner): string[] {
  const isClosed = access === 'keys'
  const curl = isClosed ? 'curl -H "x-api-key: $KEY"' : 'curl'
  return [
    ...(isClosed ? ['KEY=$(market-data keys create --scope write)    # or a key that you have'] : []),
    `${curl} '${url}/prices/latest?symbol=AAPL&provider=simulated'`,
    `${curl} -X POST '${url}/prices/poll' -H 'content-type: application/json' -d '${JOB}'`,
    `${curl} -N '${url}/prices/stream?symbols=AAPL'`,
  ]
}
