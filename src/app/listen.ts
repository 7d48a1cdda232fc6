import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { ConfigError, type Config } from './config.ts'

type Address = Pick<Config, 'HOST' | 'PORT'>

/**
 * Listens for a moment: so a port that is taken is found before a database is made.
 * @throws as `listenFailure` says
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

/** Why there is nothing to listen on, with the variable and what to do; a ConfigError where trying again is no use. */
export function listenFailure(error: unknown, { HOST, PORT }: Address): unknown {
  const { code = '' } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    const message = `PORT=${PORT} is taken on ${HOST}: stop what uses it, or set another PORT.`
    return new Error(message, { cause: error })
  }
  if (code === 'EACCES') return new ConfigError([`PORT=${PORT}: this account may not use it; set another PORT.`])
  if (NO_ADDRESS.has(code)) return new ConfigError([`HOST=${HOST}: is no address of this machine (${code}).`])
  return error
}

/** Where a server that listens is reached. */
export function urlOf({ address, port }: AddressInfo): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `http://${host}:${port}`
}

const NO_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EAI_AGAIN', 'EINVAL', 'ENOTFOUND'])
