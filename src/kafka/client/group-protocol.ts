import { Admin } from '@platformatic/kafka'
import type { KafkaAccess } from './options.ts'
import { withDeadline } from '../../lib/deadline.ts'

const CONSUMER_GROUP_HEARTBEAT = 68
const ASK_MS = 10_000
const SESSION_MS = 10_000
const HEARTBEAT_MS = 3_000
/** The client wants it no shorter than its own idea of a session, also where the broker decides. */
const REBALANCE_MS = 60_000

export type GroupProtocol = { readonly groupProtocol: 'consumer' } | typeof CLASSIC

/**
 * How to join a group: by KIP-848 where the broker has its final form (version 1, Kafka 4.0), where the broker decides who
 * reads what and when a member counts as dead; else the classic way. Never cooperative-sticky, which rebalances for ever.
 */
export async function groupProtocol(access: KafkaAccess, signal: AbortSignal): Promise<GroupProtocol> {
  const admin = new Admin({ ...access, retries: 2 })
  try {
    const apis = await withDeadline(admin.listApis(), { ms: ASK_MS, what: 'Kafka', signal })
    const isNew = apis.some(({ apiKey, maxVersion }) => apiKey === CONSUMER_GROUP_HEARTBEAT && maxVersion >= 1)
    return isNew ? { groupProtocol: 'consumer' } : CLASSIC
  } finally {
    void admin.close().catch(() => {})
  }
}

/** Understood by every broker. */
export const CLASSIC = {
  groupProtocol: 'classic' as const,
  sessionTimeout: SESSION_MS,
  heartbeatInterval: HEARTBEAT_MS,
  rebalanceTimeout: REBALANCE_MS,
}
