import type { FastifyReply } from 'fastify'

/** Adds a request header to `Vary`: the response depends on it, and caches must know. */
export function addVary(reply: FastifyReply, name: string): void {
  const given = reply.getHeader('vary')
  if (given === undefined) reply.header('vary', name)
  else if (!String(given).split(', ').includes(name)) reply.header('vary', `${String(given)}, ${name}`)
}
