import { Type } from 'typebox'
import type { Sessions } from '../../core/access/credential.ts'
import { ServiceError } from '../../errors.ts'
import type { Access, Caller } from './authorize.ts'
import type { App } from '../server/app.ts'
import { KeyId, Scopes } from './keys.ts'
import { problems } from '../server/problem.ts'
import { NoQuery } from '../server/query.ts'
import { createSessionSecret } from '../../core/access/secret.ts'
import { endSession, SESSION_SECONDS, startSession } from './session-cookie.ts'

export type SessionNeeds = { readonly sessions: Sessions }

const Session = Type.Object(
  {
    key_id: Type.Union([KeyId, Type.Null()], {
      description: 'The key that is used; null where none is needed.',
    }),
    scopes: Scopes,
  },
  { title: 'Session', description: 'Who asks, and what they may.' },
)

const tags = ['Access']

/** How the page signs in: with a key in the header once, and from then on with a cookie that only it sends. */
export function sessionRoutes(app: App, access: Access, { sessions }: SessionNeeds): void {
  app.get(
    '/session',
    {
      schema: {
        operationId: 'getSession',
        tags,
        summary: 'What may I do?',
        querystring: NoQuery,
        response: { 200: Session, ...problems() },
      },
    },
    async (request) => sessionBody(access.callerOf(request)),
  )
  app.post(
    '/session',
    {
      schema: {
        operationId: 'signIn',
        tags,
        summary: 'Sign in a page: the key of the header becomes a cookie for 12 hours',
        querystring: NoQuery,
        response: { 201: Session, ...problems() },
      },
    },
    async (request, reply) => {
      const caller = access.callerOf(request)
      const { credential } = caller
      if (!credential || credential.isSession)
        throw new ServiceError('unauthenticated', 'Show the key to sign in with.')
      const { text, ...kept } = createSessionSecret()
      await sessions.open(kept, credential.keyId, SESSION_SECONDS)
      await access.refresh()
      startSession(request, reply, text)
      return reply.code(201).send(sessionBody(caller))
    },
  )
  app.delete(
    '/session',
    {
      schema: {
        operationId: 'signOut',
        tags,
        summary: 'Sign out the page',
        querystring: NoQuery,
        response: { 204: Type.Null({ description: 'Signed out.' }), ...problems() },
      },
    },
    async (request, reply) => {
      const { credential } = access.callerOf(request)
      if (credential?.isSession) await sessions.close(credential.id)
      await access.refresh()
      endSession(request, reply)
      return reply.code(204).send(null)
    },
  )
}

function sessionBody({ credential, scopes }: Caller) {
  return { key_id: credential?.keyId ?? null, scopes: [...scopes] }
}
