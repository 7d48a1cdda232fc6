import { Type, type Static } from 'typebox'
import { positionText } from '../../core/log/position.ts'
import type { KafkaStatus, LeaseStatus, ServiceStatus } from '../../core/health/status.ts'
import { orNull, timestamp } from '../json/fields.ts'

const Log = Type.Object({
  end: Type.String({ description: 'Position of the newest price that readers can see.', examples: ['1-7345-120'] }),
  lag_seconds: Type.Number({
    description: 'How long the oldest stored price has waited for earlier transactions to finish.',
  }),
  held_by: orNull(
    Type.Object({
      application: Type.String(),
      pid: orNull(Type.Integer(), { description: 'Null for a prepared transaction.' }),
      for_seconds: Type.Number(),
    }),
    { description: 'The writing transaction that holds back the log, if it has done so for at least a second.' },
  ),
})

const IsLate = Type.Boolean({ description: 'Whether the lag exceeds the tolerated lag.' })

const Relay = Type.Object(
  {
    leader: orNull(Type.String({ description: 'Host and process.' })),
    lag_rows: Type.Integer({ description: 'Prices not yet published to Kafka, capped at 100000.' }),
    lag_seconds: Type.Number(),
    is_late: IsLate,
  },
  { description: 'Publishes the log to Kafka. Absent, like `topic` and `consumers`, without Kafka.' },
)

const Topic = Type.Object({
  name: Type.String({ examples: ['price-events'] }),
  away_since: orNull(timestamp('Since when Kafka has been unavailable.')),
  partitions: orNull(Type.Integer({ description: '0 if the topic does not exist; null while Kafka is unavailable.' })),
  messages: orNull(Type.Integer()),
})

const Consumers = Type.Object({
  group: Type.String({ examples: ['price-events.averages'] }),
  state: orNull(Type.String({ description: 'As the broker reports it; `Empty` has no member.', examples: ['Stable'] })),
  lag_messages: orNull(Type.Integer({ description: 'Messages that the group has not processed yet.' })),
  partitions: Type.Array(Type.Object({ partition: Type.Integer(), lag_messages: Type.Integer() })),
})

export const Pipeline = Type.Object(
  {
    log: Log,
    relay: Type.Optional(Relay),
    topic: Type.Optional(Topic),
    consumers: Type.Optional(Consumers),
    averages: Type.Object({ lag_seconds: Type.Number(), is_late: IsLate }),
  },
  { title: 'Pipeline', description: 'The path of a price from the log to its averages, and the lag of each step.' },
)

/** The steps between log and averages are present only with Kafka. */
export function pipelineBody(
  { kafka, ...status }: ServiceStatus & { readonly kafka: KafkaStatus | undefined },
  toleratedLagSeconds: number,
): Static<typeof Pipeline> {
  const { logEnd, logLagSeconds, logHeldBy, relayLag, leases } = status
  const lagOf = (seconds: number) => ({ lag_seconds: seconds, is_late: seconds > toleratedLagSeconds })
  return {
    log: {
      end: positionText(logEnd),
      lag_seconds: logLagSeconds,
      held_by: logHeldBy && {
        application: logHeldBy.application,
        pid: logHeldBy.pid,
        for_seconds: logHeldBy.forSeconds,
      },
    },
    ...(relayLag && {
      relay: { leader: leaderOf(leases), lag_rows: relayLag.rows, ...lagOf(relayLag.seconds) },
    }),
    ...(kafka && kafkaBody(kafka)),
    averages: lagOf(status.averagesLagSeconds),
  }
}

/** Whether prices reach their averages. */
export function isFlowing({ relay, topic, consumers, averages }: Static<typeof Pipeline>): boolean {
  const isUnread = consumers?.state === 'Empty' && consumers.lag_messages !== 0
  const isAway = topic !== undefined && topic.away_since !== null
  return !averages.is_late && !relay?.is_late && !isUnread && !isAway
}

function leaderOf(leases: readonly LeaseStatus[]): string | null {
  return leases.find(({ name, isHeld }) => name === 'relay' && isHeld)?.holder ?? null
}

function kafkaBody({ topic, group, awaySince, seen }: KafkaStatus) {
  const sum = (what: 'messages' | 'lag') => seen && seen.partitions.reduce((total, one) => total + one[what], 0)
  return {
    topic: {
      name: topic,
      away_since: awaySince,
      partitions: seen && seen.partitions.length,
      messages: sum('messages'),
    },
    consumers: {
      group,
      state: seen && seen.groupState,
      lag_messages: sum('lag'),
      partitions: seen?.partitions.map(({ partition, lag }) => ({ partition, lag_messages: lag })) ?? [],
    },
  }
}
