import type { Config } from '../config.ts'

/** Who answers at an address: a market-data service, something else, or nobody. */
export type Found = { readonly url: string; readonly who: 'service' | 'stranger' | 'nobody'; readonly version?: string }

/** What a service of ours says that tells its version only to those with a key. */
const WANTS_A_KEY = 'urn:market-data:problem:unauthenticated'
const PATIENCE_MS = 3_000
/** Those who listen everywhere are asked here. */
const EVERYWHERE: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]', '::1': '[::1]' }

/** Asks at `HOST` and `PORT` for the service of these settings. Never rejects. */
export async function findService({ HOST, PORT }: Pick<Config, 'HOST' | 'PORT'>): Promise<Found> {
  const url = `http://${EVERYWHERE[HOST] ?? HOST}:${PORT}`
  try {
    const answer = await fetch(`${url}/version`, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'manual' })
    const { name, version, type } = (await answer.json()) as { name?: unknown; version?: unknown; type?: unknown }
    if (type === WANTS_A_KEY) return { url, who: 'service' }
    if (name !== 'market-data-service' || typeof version !== 'string') return { url, who: 'stranger' }
    return { url, who: 'service', version }
  } catch (error) {
    return { url, who: isRefused(error) ? 'nobody' : 'stranger' }
  }
}

/** `fetch` wraps it, and where a name has several addresses their errors are wrapped once more. */
function isRefused(error: unknown): boolean {
  const { cause } = error as Error
  const errors = cause instanceof AggregateError ? (cause.errors as unknown[]) : [cause]
  return errors.every((one) => (one as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED')
}
