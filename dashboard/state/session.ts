import { computed, signal } from '@preact/signals'
import { request, RequestError } from '../api/client.ts'
import type { Session } from '../api/schemas.ts'

/** The caller as the service sees it, once it has been read. */
export const session = signal<Session | undefined>(undefined)

/** Whether the caller may start and change jobs. While the session is unknown, the service decides. */
export const mayWrite = computed(() => session.value?.scopes.some((scope) => scope !== 'read') ?? true)

/** Why the session could not be read; empty if it could, or if only a key is missing. */
export const sessionError = signal('')

/**
 * Whether the page may show prices. If the service is down it may: the page then shows the outage and retries. After an
 * unreadable response it may not, because the next refusal would reload the page, again and again.
 */
export async function mayEnter(): Promise<boolean> {
  try {
    session.value = await request('GET /session', {})
    return true
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    if (error.code === 'unreadable') sessionError.value = error.message
    return error.code !== 'unauthenticated' && error.code !== 'unreadable'
  }
}

/** Trades the key for a cookie; the page itself does not keep the key. @throws RequestError if the key is not valid */
export async function signIn(key: string): Promise<void> {
  await request('POST /session', { headers: { authorization: `Bearer ${key}` } })
  location.reload()
}

/** Deletes the cookie. @throws RequestError */
export async function signOut(): Promise<void> {
  await request('DELETE /session', {})
  location.reload()
}
