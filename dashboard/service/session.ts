import { signal } from '@preact/signals'
import type { Session } from './answers.ts'
import { ask, RequestError } from './ask.ts'

/** Who we are to the service, once it was asked. */
export const session = signal<Session | undefined>(undefined)

/** Why the session could not be read; empty if it could, or if a key is all that is missing. */
export const entryError = signal('')

/**
 * Whether the page may show prices. A service that is down may: the page then shows the outage and retries. After an
 * unreadable response it may not, because the next refusal would reload the page, again and again.
 */
export async function mayEnter(): Promise<boolean> {
  try {
    session.value = await ask<Session>('/session')
    return true
  } catch (error) {
    if (!(error instanceof RequestError)) throw error
    if (error.code === 'unreadable') entryError.value = error.message
    return error.code !== 'unauthenticated' && error.code !== 'unreadable'
  }
}

/** The service answers with a cookie; the key is kept nowhere. @throws RequestError where the key is wrong */
export async function signIn(key: string): Promise<void> {
  await ask('/session', { method: 'POST', headers: { authorization: `Bearer ${key}` } })
  location.reload()
}

export async function signOut(): Promise<void> {
  await ask('/session', { method: 'DELETE' })
  location.reload()
}
