import { Type, type Static } from 'typebox'
import { SCOPES, type IssuedKey, type Key, type Scope } from '../core/access/key.ts'
import { orNull, timestamp } from './json/fields.ts'

export const Scopes = Type.Array(Type.Enum([...SCOPES]), {
  minItems: 1,
  maxItems: SCOPES.length,
  description: '`write` includes `read`; `admin` includes both.',
  examples: [['read']],
})

export const KeyId = Type.String({ examples: ['4fJ2kLm9'] })

export const KeyBody = Type.Object(
  {
    id: KeyId,
    name: orNull(Type.String()),
    scopes: Scopes,
    created_at: timestamp('When it was created.'),
    expires_at: orNull(timestamp('When it expires.')),
    revoked_at: orNull(timestamp('When it was revoked.')),
  },
  { title: 'Key', description: 'A key, without its secret.' },
)

export const IssuedKeyBody = Type.Object(
  {
    id: KeyId,
    key: Type.String({ description: 'Shown only this once.', examples: [`mds_live_4fJ2kLm9${'x'.repeat(41)}`] }),
    ...Type.Omit(KeyBody, ['id', 'revoked_at']).properties,
  },
  { title: 'IssuedKey', description: 'A new key.' },
)

/** A key without its secret, also if it is given with it. */
export function keyBody({ keyId, name, scopes, createdAt, expiresAt, revokedAt }: Key): Static<typeof KeyBody> {
  return {
    id: keyId,
    name,
    scopes: [...scopes],
    created_at: createdAt,
    expires_at: expiresAt,
    revoked_at: revokedAt,
  }
}

/** The only body that contains the secret. */
export function issuedKeyBody({ key, ...issued }: IssuedKey): Static<typeof IssuedKeyBody> {
  const { id, revoked_at: _, ...body } = keyBody(issued)
  return { id, key, ...body }
}

export const SessionBody = Type.Object(
  {
    key_id: orNull(KeyId, { description: 'The key in use; null if none is needed.' }),
    scopes: Scopes,
  },
  { title: 'Session', description: 'The key of the caller and its permissions.' },
)

export function sessionBody(keyId: string | undefined, scopes: readonly Scope[]): Static<typeof SessionBody> {
  return { key_id: keyId ?? null, scopes: [...scopes] }
}
