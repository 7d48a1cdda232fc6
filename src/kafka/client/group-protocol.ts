import { Admin } from '@platformatic/kafka'
import type { KafkaAccess } from './options.ts'
import { withDeadline } from '../../lib/deadline.ts'

const CONSUMER_GROUP_HEARTBEAT = 68
const REQUEST_MS = 10_000
const SESSION_MS = 10_000
const HEARTBEAT_MS = 3_000
/** The client requires it to be no shorter than its own session timeout, even if the broker decides. */
const REBALANCE_MS = 60_000

export type GroupProtocol = { readonly groupProtocol: 'consumer' } | typeof CLASSIC

/**
 * How to join a group: with KIP-848 if the broker supports its final form (version 1, Kafka 4.0), in which the broker
 * assigns partitions and declares members dead; otherwise with the classic protocol. Never cooperative-sticky, which
 * rebalances forever.
 */
export async function groupProtocol(access: KafkaAccess, signal: AbortSignal): Promise<GroupProtocol> {
  const admin = new Admin({ ...access, retries: 2 })
  try {
    const apis = await withDeadline(admin.listApis(), { ms: REQUEST_MS, what: 'Kafka', signal })
    const isNew = apis.some(({ apiKey, maxVersion }) => apiKey === CONSUMER_GROUP_HEARTBEAT && maxVersion >= 1)
    return isNew ? { groupProtocol: 'consumer' } : CLASSIC
  } finally {
    void admin.close().catch(() => {})
  }
}

/** Every broker supports it. */
export const CLASSIC = {
  groupProtocol: 'classic' as const,
  sessionTimeout: SESSION_MS,
  heartbeatInterval: HEARTBEAT_MS,
  rebalanceTimeout: REBALANCE_MS,
}
