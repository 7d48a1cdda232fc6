import { hash } from 'node:crypto'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { RawReply } from '../../core/prices/quote.ts'
import { textArray } from '../connection/parameters.ts'

/** A part of a reply that was refused, and why. */
export type Refusal = { readonly symbol: string; readonly code: string; readonly detail: string }

/** A body as it is stored. */
export type StoredBody = { readonly encoding: 'identity' | 'gzip'; readonly body: Buffer }

/** A stored body with the SHA-256 of the bytes as they were received. */
export type HashedBody = StoredBody & { readonly sha256: Buffer }

/** Bytes; compressing a smaller body saves nothing. */
const WORTH_COMPRESSING = 400

/** A reply as it is kept: its body packed, and what of it was refused. */
export type Evidence = HashedBody & { readonly reply: RawReply; readonly refused: readonly Refusal[] }

/** Packs a reply. */
export function evidenceOf(reply: RawReply, refused: readonly Refusal[]): Evidence {
  return { reply, refused, sha256: bodyHash(reply.body), ...packBody(reply.body) }
}

/** The parameters of `KEEP_REPLY`. */
export function replyValues({ reply, refused, sha256, encoding, body }: Evidence): unknown[] {
  const { provider, symbols, request, status, parserVersion, receivedAt } = reply
  // As text, so that several can be the elements of one array: those of PostgreSQL have no elements of different lengths.
  const lists = [textArray(symbols), request, status, parserVersion, receivedAt, JSON.stringify(refused)]
  return [sha256, encoding, body, provider, ...lists]
}

/** The same for several replies: an array for each parameter. */
export function replyColumns(kept: readonly Evidence[]): unknown[] {
  const rows = kept.map(replyValues)
  return rows[0]?.map((_, column) => rows.map((row) => row[column])) ?? []
}

/**
 * The beginning of a statement that keeps a reply, with the parameters $1 to $10. Replies with the same bytes share a body;
 * the empty update locks an existing one, so that retention does not delete it at the same time.
 */
export const KEEP_REPLY = `
  with body as (
    insert into raw_bodies (sha256, encoding, body) values ($1, $2, $3) on conflict (sha256) do update set sha256 = excluded.sha256
  ), reply as (
    insert into raw_responses (provider, symbols, request, status, sha256, parser_version, received_at, refused)
    values ($4, $5, $6, $7, $1, $8, $9, $10) returning id, received_at)`

/** SHA-256 of the bytes as they were received. */
function bodyHash(body: Uint8Array): Buffer {
  return hash('sha256', body, 'buffer')
}

function packBody(bytes: Uint8Array): StoredBody {
  const plain = Buffer.from(bytes)
  if (plain.length < WORTH_COMPRESSING) return { encoding: 'identity', body: plain }
  return { encoding: 'gzip', body: gzipSync(plain) }
}

/** The bytes as they were received; undefined if the stored ones are damaged. */
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
