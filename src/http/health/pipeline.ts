import { Type, type Static } from 'typebox'
import { positionText } from '../../core/log/position.ts'
import type { KafkaStatus, LeaseStatus, ServiceStatus } from '../../core/health/status.ts'
import { moment } from '../../formats/price.ts'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(type: T) => Type.Union([type, Type.Null()])

const Log = Type.Object({
  end: Type.String({ description: 'Place of the newest price that readers can see.', examples: ['1-7345-120'] }),
  lag_seconds: Type.Number({ description: 'How long the oldest stored price waits for transactions before it.' }),
  held_by: Type.Union(
    [
      Type.Object({
        application: Type.String(),
        pid: Type.Union([Type.Integer(), Type.Null()], { description: 'Null for a prepared transaction.' }),
        for_seconds: Type.Number(),
      }),
      Type.Null(),
    ],
    { description: 'The writing transaction that holds back the log, where it has done so for a second.' },
  ),
})

const IsLate = Type.Boolean({ description: 'By more than is usual.' })

const Relay = Type.Object(
  {
    leader: orNull(Type.String({ description: 'Host and process.' })),
    lag_rows: Type.Integer({ description: 'Prices that Kafka was not told of; 100000 means so many or more.' }),
    lag_seconds: Type.Number(),
    is_late: IsLate,
  },
  { description: 'What announces the log. Missing, like the next two, where there is no Kafka.' },
)

const Topic = Type.Object({
  name: Type.String({ examples: ['price-events'] }),
  away_since: Type.Union([moment('Since when Kafka has not answered.'), Type.Null()]),
  partitions: orNull(Type.Integer({ description: '0 where nobody made it yet; null while Kafka is away.' })),
  messages: orNull(Type.Integer()),
})

const Consumers = Type.Object({
  group: Type.String({ examples: ['price-events.averages'] }),
  state: orNull(Type.String({ description: 'In the broker’s words; `Empty` has no member.', examples: ['Stable'] })),
  lag_messages: orNull(Type.Integer({ description: 'Messages that the group has still to settle.' })),
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
  { title: 'Pipeline', description: 'The way of a price from the log to its averages, and how late each part is.' },
)

/** What is between log and averages is there only where Kafka is. */
export function pipelineBody(
  { kafka, ...facts }: ServiceStatus & { readonly kafka: KafkaStatus | undefined },
  toleratedLagSeconds: number,
): Static<typeof Pipeline> {
  const { logEnd, logLagSeconds, logHeldBy, relayLag, leases } = facts
  const late = (seconds: number) => ({ lag_seconds: seconds, is_late: seconds > toleratedLagSeconds })
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
      relay: { leader: leaderOf(leases), lag_rows: relayLag.rows, ...late(relayLag.seconds) },
    }),
    ...(kafka && kafkaBody(kafka)),
    averages: late(facts.averagesLagSeconds),
  }
}

/** Whether prices get through to their averages. */
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
