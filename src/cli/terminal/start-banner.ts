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
  const isApi = status.roles.includes('api')
  const rows = rowsOf(status, isApi).map(([label, value]) => `  ${label.padEnd(10)} ${value}`)
  const requests = isApi ? ['', ...REQUESTS.map((request) => `  ${request(status.url)}`)] : []
  return linesText([`market-data ${status.version} is ready`, '', ...rows, ...requests, '', '  Press Ctrl-C to stop.'])
}

type Row = readonly [label: string, value: string]

function rowsOf(status: StartBanner, isApi: boolean): Row[] {
  const { url, roles, data, dataNote, demoSymbols } = status
  const rows: Row[] = isApi ? [['Dashboard', `${url}/`]] : []
  rows.push(['Service', url])
  rows.push(isApi ? ['Docs', `${url}/docs`] : ['Health', `${url}/readyz and ${url}/metrics only, without the role api`])
  if (roles.length < ROLES.length) rows.push(['Roles', roles.join(', ')])
  rows.push(['Data', data])
  if (dataNote !== undefined) rows.push(['', dataNote])
  rows.push(['Access', accessText(status)])
  if (demoSymbols.length > 0) rows.push(['Demo', `polls simulated prices of ${demoSymbols.join(', ')} every 2 seconds`])
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

const REQUESTS: readonly ((url: string) => string)[] = [
  (url) => `curl '${url}/prices/latest?symbol=AAPL&provider=simulated'`,
  (url) => `curl -X POST '${url}/prices/poll' -H 'content-type: application/json' -d '${JOB}'`,
  (url) => `curl -N '${url}/prices/stream?symbols=AAPL'`,
]
