import { hash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { RawReply } from '../../core/prices/quote.ts'

/** What of a reply was not taken for a price, and why. */
export type Refusal = { readonly symbol: string; readonly code: string; readonly detail: string }

/** How a body lies in the table. */
export type StoredBody = { readonly encoding: 'identity' | 'gzip'; readonly body: Buffer }

/** A body with the SHA-256 of the bytes as they came. */
export type HashedBody = StoredBody & { readonly sha256: Buffer }

/** Below this many bytes compression saves nothing. */
const WORTH_COMPRESSING = 400

/** What `KEEP_REPLY` is told. */
export function replyValues(reply: RawReply, refused: readonly Refusal[]): unknown[] {
  const { encoding, body } = packBody(reply.body)
  return [
    bodyHash(reply.body),
    encoding,
    body,
    reply.provider,
    reply.symbols,
    reply.request,
    reply.status,
    reply.parserVersion,
    reply.receivedAt,
    JSON.stringify(refused),
  ]
}

/**
 * $1 to $10 of a statement that keeps a reply, its body once for all replies with the same bytes. An equal body is locked by
 * the empty update, so that nobody deletes it meanwhile.
 */
export const KEEP_REPLY = `
  with body as (
    insert into raw_bodies (sha256, encoding, body) values ($1, $2, $3) on conflict (sha256) do update set sha256 = excluded.sha256
  ), reply as (
    insert into raw_responses (provider, symbols, request, status, sha256, parser_version, received_at, refused)
    values ($4, $5, $6, $7, $1, $8, $9, $10) returning id, received_at)`

/** SHA-256 of the bytes as they came. */
export function bodyHash(body: Uint8Array): Buffer {
  return hash('sha256', body, 'buffer')
}

function packBody(bytes: Uint8Array): StoredBody {
  const plain = Buffer.from(bytes)
  if (plain.length < WORTH_COMPRESSING) return { encoding: 'identity', body: plain }
  return { encoding: 'gzip', body: gzipSync(plain) }
}

/** The bytes as they came; undefined where what is stored is something else by now. */
export function undamagedBody(stored: HashedBody): Buffer | undefined {
  try {
    const body = unpackBody(stored)
    return bodyHash(body).equals(stored.sha256) ? body : undefined
  } catch {
    return undefined
  }
}

function unpackBody({ encoding, body }: StoredBody): Buffer {
  return encoding === 'gzip' ? gunzipSync(body) : body
}
