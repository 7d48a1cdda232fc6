import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/**
 * Sends a body piece by piece, each requested only when the socket has taken the one before. The schema of such a route
 * describes text, so the types of its reply would refuse a stream.
 */
export function sendStream(reply: FastifyReply, pieces: AsyncIterable<string>): FastifyReply {
  return reply.send(Readable.from(pieces))
}

/** Sends bytes as they are. */
export function sendBytes(reply: FastifyReply, bytes: Uint8Array): FastifyReply {
  return reply.send(Buffer.from(bytes))
}
