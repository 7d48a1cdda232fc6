import type { FastifyRequest } from 'fastify'
import type { Credential } from '../../core/access/credential.ts'

const MAX_REMEMBERED = 10_000

/** Logs the first use of each credential only: a line per request would hide what is unusual. */
export function createFirstUses() {
  const used = new Set<string>()
  return ({ id, keyId, isSession }: Credential, { ip: address, log }: FastifyRequest): void => {
    if (used.has(id)) return
    if (used.size >= MAX_REMEMBERED) used.clear()
    used.add(id)
    log.info({ security: 'key_used', key: keyId, isSession, address }, 'first use of this key since the start')
  }
}
