import { signal } from '@preact/signals'
import type { Session } from './answers.ts'
import { ask, RequestError } from './ask.ts'

/** Who we are to the service, once it was asked. */
export const session = signal<Session | undefined>(undefined)

/** Whether the service lets this page in. One that fails otherwise is left to those who ask it for prices. */
export async function mayEnter(): Promise<boolean> {
  try {
    session.value = await ask<Session>('/session')
    return true
  } catch (error) {
    return !(error instanceof RequestError && error.code === 'unauthenticated')
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
