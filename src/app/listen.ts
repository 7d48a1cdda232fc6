import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { ConfigError, type Config } from './config.ts'

type Address = Pick<Config, 'HOST' | 'PORT'>

/**
 * Listens for a moment, so that a port in use is found before a database is created.
 * @throws what `listenFailure` returns
 */
export async function assertCanListen({ HOST, PORT }: Address): Promise<void> {
  const probe = createServer()
  try {
    await once(probe.listen({ host: HOST, port: PORT }), 'listening')
  } catch (error) {
    throw listenFailure(error, { HOST, PORT })
  } finally {
    probe.close()
  }
}

/** The error of a failed `listen`, with the variable and the remedy; a ConfigError if a retry cannot help. */
export function listenFailure(error: unknown, { HOST, PORT }: Address): unknown {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    const message = `PORT=${PORT} is in use on ${HOST}: stop the program that uses it, or set another PORT.`
    return new Error(message, { cause: error })
  }
  if (code === 'EACCES')
    return new ConfigError([`PORT=${PORT}: this account is not allowed to use it; set another PORT.`])
  if (NO_ADDRESS.has(code)) return new ConfigError([`HOST=${HOST}: not an address of this machine (${code}).`])
  return error
}

/** The URL of a listening server. */
export function urlOf({ address, port }: AddressInfo): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `http://${host}:${port}`
}

const NO_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAI_AGAIN', 'EINVAL', 'ENOTFOUND'])
