import type { FastifyReply } from 'fastify'

/** Adds a request header to `Vary`: the response depends on it, and caches must know. */
export function addVary(reply: FastifyReply, name: string): void {
  const given = reply.getHeader('vary')
  reply.header('vary', given === undefined ? name : `${String(given)}, ${name}`)
}
