import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { withoutSecrets } from '../../../core/access/secret.ts'

const SANE_ID = /^[\w.:-]{1,64}$/

/**
 * The id of each request: the caller's own if it is harmless, so that its log and ours can be correlated. Otherwise a prefix
 * of this process, random so that no two processes share it, and a number.
 */
export function createRequestIds(): (request: Pick<IncomingMessage, 'headers'>) => string {
  const prefix = randomBytes(6).toString('hex')
  let count = 0
  return ({ headers }) => {
    const given = headers['x-request-id']
    return isHarmless(given) ? given : `${prefix}-${++count}`
  }
}

function isHarmless(id: string | string[] | undefined): id is string {
  return typeof id === 'string' && SANE_ID.test(id) && id === withoutSecrets(id)
}
