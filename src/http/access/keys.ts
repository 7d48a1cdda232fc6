import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Keys } from '../../core/access/key.ts'
import { IssuedKeyBody, issuedKeyBody, KeyBody, keyBody, KeyId, Scopes } from '../../formats/key.ts'
import { listOf, pageBody } from '../../formats/json/page.ts'
import type { Clock } from '../../lib/clock.ts'
import { millisOf } from '../../lib/instant.ts'
import type { Access } from './authorize.ts'
import type { App } from '../server/app.ts'
import { PageQuery } from '../server/pagination.ts'
import { problems } from '../server/problem.ts'
import { CLOSED, DEFAULT_LIMIT, NoQuery, notFound, timeText } from '../server/query.ts'
import { momentOf } from '../server/validation/moment.ts'
import { mistake, RULES, type Rule } from '../server/validation/rules.ts'

export type KeyDeps = { readonly access: Access; readonly keys: Keys; readonly clock: Clock }

function createKeyRequest(clock: Clock) {
  const KeyRequest = Type.Object(
    {
      scopes: Scopes,
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f]*$' })),
      expires_at: Type.Optional(timeText('When it expires; without it, never.')),
    },
    { ...CLOSED, [RULES]: [expiresLater(clock)], examples: [{ scopes: ['admin'], name: 'my laptop' }] },
  )
  return KeyRequest
}

/** Even a key that is useless would close the service, if it is the first. */
function expiresLater(clock: Clock): Rule {
  return (members) => {
    const { expires_at: text } = members
    const expiresAt = momentOf(text)
    if (expiresAt === undefined || millisOf(expiresAt) > clock.now()) return []
    return mistake('expires_at', 'is in the past')
  }
}

const KeyPath = Type.Object({ key_id: KeyId })

const tags = ['Access']

/** Keys, for admins. The first one closes the service to callers without a key, in every process within 5 s. */
export function keyRoutes(app: App, deps: KeyDeps): void {
  createRoute(app, deps)
  listRoute(app, deps)
  revokeRoute(app, deps)
}

function createRoute(app: App, { access, keys, clock }: KeyDeps): void {
  const schema = {
    operationId: 'createKey',
    tags,
    summary: 'Create a key; once one exists, every request needs one',
    description:
      'Give the first key the scope `admin`: without such a key, only the command `keys create` can create another.',
    querystring: NoQuery,
    body: createKeyRequest(clock),
    response: { 201: IssuedKeyBody, ...problems('conflict') },
  }
  app.post('/keys', { schema }, async (request, reply) => {
    const { scopes, name = null, expires_at } = request.body
    const expiresAt = momentOf(expires_at) ?? null
    const issued = await keys.create({ scopes: [...new Set(scopes)], name, expiresAt })
    await access.refresh()
    logChange(request, access, { security: 'key_created', key: issued.keyId, scopes: issued.scopes })
    return reply.code(201).header('cache-control', 'no-store').send(issuedKeyBody(issued))
  })
}

function listRoute(app: App, { keys }: KeyDeps): void {
  const schema = {
    operationId: 'listKeys',
    tags,
    summary: 'List all keys ever created, oldest first',
    querystring: PageQuery,
    response: { 200: listOf(KeyBody, 'Keys'), ...problems() },
  }
  app.get('/keys', { schema }, async (request) => {
    const { limit = DEFAULT_LIMIT, cursor } = request.query
    return pageBody(await keys.list({ limit, cursor }), request.url, keyBody)
  })
}

function revokeRoute(app: App, { access, keys }: KeyDeps): void {
  const schema = {
    operationId: 'revokeKey',
    tags,
    summary: 'Revoke a key permanently; its sessions and open streams end',
    params: KeyPath,
    querystring: NoQuery,
    response: { 200: KeyBody, ...problems('not_found') },
  }
  app.delete('/keys/:key_id', { schema }, async (request) => {
    const revoked = await keys.revoke(request.params.key_id)
    if (revoked === undefined) throw notFound('key')
    await access.refresh()
    logChange(request, access, { security: 'key_revoked', key: revoked.keyId })
    return keyBody(revoked)
  })
}

/** Logs who made a change. That it took effect, each process logs itself when it reads it. */
function logChange(request: FastifyRequest, access: Access, event: object): void {
  request.log.info({ ...event, by: access.callerOf(request).credential?.keyId, address: request.ip }, 'keys changed')
}
