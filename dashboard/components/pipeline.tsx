import type { Pipeline as PipelineReport } from '../api/schemas.ts'
import { countText } from '../format/count.ts'
import { durationText } from '../format/time.ts'
import { health } from '../state/providers.ts'
import { NotLoaded } from './not-loaded.tsx'
import { StatusLabel, type Status } from './status-icon.tsx'
import { Table, type Column } from './table.tsx'

/** The stages between a stored price and its averages, and how far each one lags. */
export function Pipeline() {
  const report = health.value?.pipeline
  return (
    <section class="pipeline" aria-labelledby="pipeline-title">
      <div class="title">
        <h2 id="pipeline-title">Pipeline</h2>
      </div>
      {report ? (
        <Table
          columns={COLUMNS}
          items={stagesOf(report)}
          keyOf={({ name }) => name}
          noteOf={({ remark }) => (remark === undefined ? undefined : { class: 'remark', text: remark })}
        />
      ) : (
        <NotLoaded />
      )}
    </section>
  )
}

type Stage = {
  readonly name: string
  readonly detail?: string
  readonly status: Status
  readonly lag: string
  readonly remark?: string | undefined
}

const COLUMNS: readonly Column<Stage>[] = [
  {
    title: 'Stage',
    cell: ({ name, detail }) => (
      <>
        {name} <span class="source">{detail}</span>
      </>
    ),
  },
  { title: 'State', class: 'state', cell: ({ status }) => <StatusLabel status={status} /> },
  { title: 'Lag', cell: ({ lag }) => lag },
]

/** In the order in which a price passes them. */
function stagesOf({ log, relay, topic, consumers, averages }: PipelineReport): readonly Stage[] {
  return [
    logStage(log),
    ...(relay ? [relayStage(relay)] : []),
    ...(topic ? [topicStage(topic)] : []),
    ...(consumers ? [consumersStage(consumers)] : []),
    { name: 'Averages', status: averagesStatus(averages), lag: secondsText(averages.lag_seconds) },
  ]
}

function logStage({ held_by, lag_seconds }: PipelineReport['log']): Stage {
  const lag = secondsText(lag_seconds)
  if (held_by === null) return { name: 'Log', status: ['full', 'good', 'up to date'], lag }
  const { application, pid, for_seconds } = held_by
  const holder = pid === null ? `the ${application}` : `${application || 'an unnamed client'} (process ${pid})`
  return {
    name: 'Log',
    status: ['cross', 'bad', 'blocked'],
    lag,
    remark: `Blocked for ${secondsText(for_seconds)} by ${holder}.`,
  }
}

function relayStage({ leader, is_late, lag_rows, lag_seconds }: NonNullable<PipelineReport['relay']>): Stage {
  const lag = `${pricesText(lag_rows)}, ${secondsText(lag_seconds)}`
  if (leader === null) return { name: 'Relay', status: ['cross', 'bad', 'no leader'], lag }
  return { name: 'Relay', status: is_late ? ['cross', 'bad', 'lagging'] : ['full', 'good', 'publishing'], lag }
}

function topicStage({ name, away_since, partitions }: NonNullable<PipelineReport['topic']>): Stage {
  const stage = { name: 'Topic', detail: name, lag: '–' }
  if (away_since !== null) return { ...stage, status: ['cross', 'bad', 'unavailable'] }
  if (!partitions) return { ...stage, status: ['ring', 'neutral', 'not created yet'] }
  return { ...stage, status: ['full', 'good', countText(partitions, 'partition')] }
}

const MAX_PARTITIONS = 8

function consumersStage({ state, lag_messages, partitions }: NonNullable<PipelineReport['consumers']>): Stage {
  const behind = partitions.filter((one) => one.lag_messages > 0).toSorted((a, b) => b.lag_messages - a.lag_messages)
  const listed = behind
    .slice(0, MAX_PARTITIONS)
    .map((one) => `partition ${one.partition} by ${countText(one.lag_messages)}`)
  const more = behind.length > MAX_PARTITIONS ? `, and ${behind.length - MAX_PARTITIONS} more` : ''
  return {
    name: 'Consumers',
    status: groupStatus(state, lag_messages),
    lag: lag_messages === null ? '–' : countText(lag_messages, 'message'),
    remark: behind.length > 0 ? `Behind: ${listed.join(', ')}${more}.` : undefined,
  }
}

/** Kafka's states of a consumer group. */
function groupStatus(state: string | null, lag: number | null): Status {
  if (state === null) return ['ring', 'neutral', 'unknown']
  if (state === 'Stable') return ['full', 'good', 'reading']
  if (state === 'Empty') return lag ? ['cross', 'bad', 'no consumer'] : ['ring', 'neutral', 'no consumer']
  return ['half', 'neutral', 'rebalancing']
}

function averagesStatus({ lag_seconds, is_late }: PipelineReport['averages']): Status {
  if (is_late) return ['cross', 'bad', 'lagging']
  return lag_seconds > 0 ? ['half', 'neutral', 'catching up'] : ['full', 'good', 'up to date']
}

function secondsText(seconds: number): string {
  return durationText(seconds * 1_000)
}

/** The service stops counting prices here. */
const MAX_COUNTED = 100_000

function pricesText(count: number): string {
  return count === MAX_COUNTED ? `${countText(count)}+ prices` : countText(count, 'price')
}
