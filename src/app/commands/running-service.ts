import type { Config } from '../config.ts'

/** What listens at an address: a market-data service, another program, or nothing. */
export type Found = { readonly url: string; readonly kind: 'service' | 'other' | 'none'; readonly version?: string }

/** The problem type of a service that requires a key for its version. */
const KEY_REQUIRED = 'urn:market-data:problem:unauthenticated'
const TIMEOUT_MS = 3_000
/** Where to reach a service that listens on all interfaces. */
const REACHABLE_HOST: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]', '::1': '[::1]' }

/** Looks for a service at `HOST` and `PORT`. Never rejects. */
export async function findService({ HOST, PORT }: Pick<Config, 'HOST' | 'PORT'>): Promise<Found> {
  const url = `http://${REACHABLE_HOST[HOST] ?? HOST}:${PORT}`
  try {
    const response = await fetch(`${url}/version`, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' })
    const { name, version, type } = (await response.json()) as { name?: unknown; version?: unknown; type?: unknown }
    if (type === KEY_REQUIRED) return { url, kind: 'service' }
    if (name !== 'market-data-service' || typeof version !== 'string') return { url, kind: 'other' }
    return { url, kind: 'service', version }
  } catch (error) {
    return { url, kind: isRefused(error) ? 'none' : 'other' }
  }
}

/** `fetch` wraps the error, and wraps it once more if the host name has several addresses. */
function isRefused(error: unknown): boolean {
  const { cause } = error as Error
  const errors = cause instanceof AggregateError ? (cause.errors as unknown[]) : [cause]
  return errors.every((one) => (one as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED')
}
