import { hash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { compress, encodingFor, MIN_LENGTH, type Encoding } from './compression.ts'
import { addVary } from './vary.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'

/** The response to a client that has the body already, for the schema of a route. */
export const NotModified = Type.Null({ description: 'The body is the one that `If-None-Match` names.' })

/** A finished body as bytes, in each encoding that was asked for so far. */
export type Body = {
  readonly plain: Buffer
  /** Of the plain bytes. */
  readonly hash: string
  /** Of all encodings together. */
  bytes(): number
  /** Compressed once, by the first caller who accepts the encoding. */
  in(encoding: Encoding): Promise<Buffer>
}

/** @param onGrow called when another encoding was added */
export function createBody(text: string, onGrow: () => void): Body {
  const plain = Buffer.from(text)
  const compressed = new Map<Encoding, Promise<Buffer>>()
  let bytes = plain.length

  async function add(encoding: Encoding): Promise<Buffer> {
    const result = await compress(plain, encoding)
    bytes += result.length
    onGrow()
    return result
  }

  return {
    plain,
    hash: hash('sha1', plain, 'base64url'),
    bytes: () => bytes,
    in: (encoding) => {
      const known = compressed.get(encoding)
      if (known) return known
      const added = add(encoding)
      compressed.set(encoding, added)
      added.catch(() => compressed.delete(encoding))
      return added
    },
  }
}

/** Sends a body in the best encoding that the client accepts, or 304 if the client has these very bytes. */
export async function sendBody(request: FastifyRequest, reply: FastifyReply, body: Body): Promise<FastifyReply> {
  const { 'accept-encoding': accepted, 'if-none-match': known } = request.headers
  const isLong = body.plain.length >= MIN_LENGTH
  if (isLong) addVary(reply, 'accept-encoding')
  const encoding = isLong && request.method !== 'HEAD' ? encodingFor(accepted) : undefined
  const etag = encoding === undefined ? `"${body.hash}"` : `"${body.hash}-${encoding}"`
  reply.header('etag', etag)
  if (known !== undefined && isOneOf(known, etag)) return reply.removeHeader('content-type').code(304).send()
  if (encoding === undefined) return reply.send(body.plain)
  const bytes = await body.in(encoding)
  return reply.header('content-encoding', encoding).send(bytes)
}

/** A proxy that changes a body marks its tag as weak; for a question this makes no difference (RFC 9110, 13.1.2). */
function isOneOf(tags: string, etag: string): boolean {
  return tags === '*' || tags.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)
}
