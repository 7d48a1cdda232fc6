import { once } from 'node:events'
import { createServer, isIPv6, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { findService } from './commands/running-service.ts'
import { ConfigError, type Config } from './config.ts'

type Address = Pick<Config, 'HOST' | 'PORT'>

/**
 * Listens for a moment, so that a port in use is found before a database is created.
 * @throws what `listenFailure` resolves with
 */
export async function assertCanListen({ HOST, PORT }: Address): Promise<void> {
  const probe = createServer()
  try {
    await once(probe.listen({ host: HOST, port: PORT }), 'listening')
  } catch (error) {
    throw await listenFailure(error, { HOST, PORT })
  } finally {
    probe.close()
  }
}

/** The error of a failed `listen`, with the variable and the remedy; a ConfigError if a retry cannot help. */
export async function listenFailure(error: unknown, { HOST, PORT }: Address): Promise<unknown> {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return new Error(await portInUseText({ HOST, PORT }), { cause: error })
  if (code === 'EACCES')
    return new ConfigError([`PORT=${PORT}: this account is not allowed to use it; set another PORT.`])
  if (NO_ADDRESS.has(code)) return new ConfigError([`HOST=${HOST}: not an address of this machine (${code}).`])
  return error
}

async function portInUseText({ HOST, PORT }: Address): Promise<string> {
  const { kind, url, version } = await findService({ HOST, PORT })
  if (kind === 'service') {
    const name = version === undefined ? 'market-data' : `market-data ${version}`
    return `${name} already runs at ${url}: use it, stop it, or set another PORT.`
  }
  return `PORT=${PORT} is in use on ${HOST}: stop the program that uses it, or set another PORT.`
}

/** URLs of a listening server that can be opened: on this machine, and on others if it listens on all interfaces. */
export type Urls = { readonly url: string; readonly otherUrls: readonly string[] }

export function urlsOf({ address, port }: AddressInfo): Urls {
  const local = ANY_ADDRESS.get(address)
  if (local === undefined) return { url: urlOf(address, port), otherUrls: [] }
  return { url: urlOf(local, port), otherUrls: outerAddresses(address).map((outer) => urlOf(outer, port)) }
}

/** All interfaces, and how this machine reaches itself then. */
const ANY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

/** Link-local addresses are left out, because a browser cannot open them. */
function outerAddresses(listening: string): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  const outer = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'))
  return outer.filter(({ family }) => family === 'IPv4' || listening === '::').map(({ address }) => address)
}

function urlOf(address: string, port: number): string {
  return `http://${isIPv6(address) ? `[${address}]` : address}:${port}`
}

const NO_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAI_AGAIN', 'EINVAL', 'ENOTFOUND'])
