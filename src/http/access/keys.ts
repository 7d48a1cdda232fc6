import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { SCOPES, type Key, type Keys } from '../../core/access/key.ts'
import type { Clock } from '../../lib/clock.ts'
import { millisOf } from '../../lib/instant.ts'
import type { Access } from './authorize.ts'
import type { App } from '../server/app.ts'
import { listOf, pageBody, Paging } from '../server/pagination.ts'
import { moment } from '../../formats/price.ts'
import { problems } from '../server/problem.ts'
import { CLOSED, DEFAULT_LIMIT, invalid, momentOf, NoQuery, notFound } from '../server/query.ts'

export type KeyNeeds = { readonly keys: Keys; readonly clock: Clock }

export const Scopes = Type.Array(Type.Enum([...SCOPES]), {
  minItems: 1,
  maxItems: SCOPES.length,
  description: '`write` holds `read`, `admin` holds both.',
  examples: [['read']],
})

export const KeyId = Type.String({ examples: ['4fJ2kLm9'] })

const KeyBody = Type.Object(
  {
    id: KeyId,
    name: Type.Union([Type.String(), Type.Null()]),
    scopes: Scopes,
    created_at: moment('When it was made.'),
    expires_at: Type.Union([moment('When it ends by itself.'), Type.Null()]),
    revoked_at: Type.Union([moment('When it was ended.'), Type.Null()]),
  },
  { title: 'Key', description: 'A key, without the key itself.' },
)

const IssuedKey = Type.Object(
  {
    id: KeyId,
    key: Type.String({ description: 'Shown only this once.', examples: [`mds_live_4fJ2kLm9${'x'.repeat(41)}`] }),
    ...Type.Omit(KeyBody, ['id', 'revoked_at']).properties,
  },
  { title: 'IssuedKey', description: 'A new key.' },
)

const Order = Type.Object(
  {
    scopes: Scopes,
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f]*$' })),
    expires_at: Type.Optional(moment('When it is to end; else it does not end by itself.')),
  },
  { ...CLOSED, examples: [{ scopes: ['read'], name: 'dashboards' }] },
)

const KeyPath = Type.Object({ key_id: KeyId })

const tags = ['Access']

/** Keys, for admins. The first one closes the service to everybody without one, here and in every other process, within 5 s. */
export function keyRoutes(app: App, access: Access, { keys, clock }: KeyNeeds): void {
  app.post(
    '/keys',
    {
      schema: {
        operationId: 'createKey',
        tags,
        summary: 'Make a key; the first one closes the service to those without',
        querystring: NoQuery,
        body: Order,
        response: { 201: IssuedKey, ...problems('conflict') },
      },
    },
    async (request, reply) => {
      const { scopes, name = null, expires_at } = request.body
      const expiresAt = momentOf(expires_at, '/expires_at') ?? null
      // The first key closes the service, also one that lets nobody in.
      if (expiresAt !== null && millisOf(expiresAt) <= clock.now()) throw invalid('/expires_at', 'is over already')
      const { key, ...made } = await keys.create({ scopes: [...new Set(scopes)], name, expiresAt })
      await access.refresh()
      tell(request, access, { security: 'key_created', key: made.keyId, scopes: made.scopes })
      const { id, revoked_at: _, ...body } = keyBody(made)
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ id, key, ...body })
    },
  )
  app.get(
    '/keys',
    {
      schema: {
        operationId: 'listKeys',
        tags,
        summary: 'All keys that were ever made, oldest first',
        querystring: Type.Object(Paging, CLOSED),
        response: { 200: listOf(KeyBody, 'Keys'), ...problems() },
      },
    },
    async (request) => {
      const { limit = DEFAULT_LIMIT, cursor } = request.query
      const page = await keys.list({ limit, cursor })
      return pageBody(request, page.data.map(keyBody), page.nextCursor)
    },
  )
  app.delete(
    '/keys/:key_id',
    {
      schema: {
        operationId: 'revokeKey',
        tags,
        summary: 'Revoke a key for good, with its sessions and open streams',
        params: KeyPath,
        querystring: NoQuery,
        response: { 200: KeyBody, ...problems('not_found') },
      },
    },
    async (request) => {
      const revoked = await keys.revoke(request.params.key_id)
      if (revoked === undefined) throw notFound('key')
      await access.refresh()
      tell(request, access, { security: 'key_revoked', key: revoked.keyId })
      return keyBody(revoked)
    },
  )
}

/** Who did it; that it was done, each process says by itself when it sees it. */
function tell(request: FastifyRequest, access: Access, event: object): void {
  request.log.info({ ...event, by: access.callerOf(request).credential?.keyId, address: request.ip }, 'keys')
}

function keyBody({ keyId, name, scopes, createdAt, expiresAt, revokedAt }: Key): Static<typeof KeyBody> {
  return {
    id: keyId,
    name,
    scopes: [...scopes],
    created_at: createdAt,
    expires_at: expiresAt,
    revoked_at: revokedAt,
  }
}
