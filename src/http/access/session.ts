import { Type } from 'typebox'
import type { Sessions } from '../../core/access/credential.ts'
import { ServiceError } from '../../errors.ts'
import { SessionBody, sessionBody } from '../../formats/key.ts'
import type { Access } from './authorize.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { NoQuery } from '../server/query.ts'
import { createSessionSecret } from '../../core/access/secret.ts'
import { endSession, SESSION_SECONDS, startSession } from './session-cookie.ts'

export type SessionDeps = { readonly access: Access; readonly sessions: Sessions }

const tags = ['Access']

/** How the page signs in: it sends a key in the header once, and from then on a cookie that no other page can send. */
export function sessionRoutes(app: App, deps: SessionDeps): void {
  showRoute(app, deps)
  signInRoute(app, deps)
  signOutRoute(app, deps)
}

function showRoute(app: App, { access }: SessionDeps): void {
  const schema = {
    operationId: 'getSession',
    tags,
    summary: 'Show the key of the caller and its permissions',
    querystring: NoQuery,
    response: { 200: SessionBody, ...problems() },
  }
  app.get('/session', { schema }, async (request) => {
    const { credential, scopes } = access.callerOf(request)
    return sessionBody(credential?.keyId, scopes)
  })
}

function signInRoute(app: App, { access, sessions }: SessionDeps): void {
  const schema = {
    operationId: 'signIn',
    tags,
    summary: 'Sign in a page: exchange the key in the header for a cookie valid for 12 hours',
    querystring: NoQuery,
    response: { 201: SessionBody, ...problems() },
  }
  app.post('/session', { schema }, async (request, reply) => {
    const { credential, scopes } = access.callerOf(request)
    if (!credential || credential.isSession)
      throw new ServiceError('unauthenticated', 'Signing in needs a key in the header.')
    const { text, ...stored } = createSessionSecret()
    await sessions.open(stored, credential.keyId, SESSION_SECONDS)
    await access.refresh()
    startSession(request, reply, text)
    return reply.code(201).send(sessionBody(credential.keyId, scopes))
  })
}

function signOutRoute(app: App, { access, sessions }: SessionDeps): void {
  const schema = {
    operationId: 'signOut',
    tags,
    summary: 'Sign out the page',
    querystring: NoQuery,
    response: { 204: Type.Null({ description: 'Signed out.' }), ...problems() },
  }
  app.delete('/session', { schema }, async (request, reply) => {
    const { credential } = access.callerOf(request)
    if (credential?.isSession) await sessions.close(credential.id)
    await access.refresh()
    endSession(request, reply)
    return reply.code(204).send(null)
  })
}
