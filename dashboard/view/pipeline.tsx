import type { Pipeline as Facts } from '../service/answers.ts'
import { health } from '../service/providers.ts'
import { spanText } from '../service/time.ts'
import { Marked, type MarkedState } from './mark.tsx'
import { NotKnown } from './not-known.tsx'

/** The way of a price from the log to its averages, and how late each part of it is. */
export function Pipeline() {
  const facts = health.value?.pipeline
  return (
    <section class="pipeline" aria-labelledby="pipeline-title">
      <div class="title">
        <h2 id="pipeline-title">Pipeline</h2>
      </div>
      {facts ? <Parts facts={facts} /> : <NotKnown />}
    </section>
  )
}

function Parts({ facts }: { facts: Facts }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Part</th>
          <th scope="col">State</th>
          <th scope="col">Behind</th>
        </tr>
      </thead>
      <tbody>
        {partsOf(facts).map((part) => (
          <PartRow key={part.name} part={part} />
        ))}
      </tbody>
    </table>
  )
}

type Part = {
  readonly name: string
  readonly note?: string
  readonly state: MarkedState
  readonly behind: string
  /** More about it, where there is more to say. */
  readonly remark?: string | undefined
}

function PartRow({ part }: { part: Part }) {
  const { name, note, state, behind, remark } = part
  return (
    <>
      <tr>
        <th scope="row">
          {name} <span class="source">{note}</span>
        </th>
        <td class="state">
          <Marked state={state} />
        </td>
        <td>{behind}</td>
      </tr>
      {remark && (
        <tr class="remark">
          <td colSpan={3}>{remark}</td>
        </tr>
      )}
    </>
  )
}

/** In the order in which a price passes them. */
function partsOf({ log, relay, topic, consumers, averages }: Facts): readonly Part[] {
  return [
    logPart(log),
    ...(relay ? [relayPart(relay)] : []),
    ...(topic ? [topicPart(topic)] : []),
    ...(consumers ? [consumersPart(consumers)] : []),
    { name: 'Averages', state: averagesState(averages), behind: secondsText(averages.lag_seconds) },
  ]
}

function logPart({ held_by, lag_seconds }: Facts['log']): Part {
  const behind = secondsText(lag_seconds)
  if (held_by === null) return { name: 'Log', state: ['full', 'good', 'flows'], behind }
  const { application, pid, for_seconds } = held_by
  const holder = pid === null ? `The ${application}` : `${application || 'A client without a name'}, process ${pid},`
  const remark = `${holder} has held it back for ${secondsText(for_seconds)}.`
  return { name: 'Log', state: ['cross', 'bad', 'held back'], behind, remark }
}

function relayPart({ leader, is_late, lag_rows, lag_seconds }: NonNullable<Facts['relay']>): Part {
  const behind = `${countText(lag_rows, 'price')}, ${secondsText(lag_seconds)}`
  if (leader === null) return { name: 'Relay', state: ['cross', 'bad', 'nobody leads'], behind }
  return { name: 'Relay', state: is_late ? ['cross', 'bad', 'late'] : ['full', 'good', 'announces'], behind }
}

function topicPart({ name, away_since, partitions }: NonNullable<Facts['topic']>): Part {
  const part = { name: 'Topic', note: name, behind: '–' }
  if (away_since !== null) return { ...part, state: ['cross', 'bad', 'away'] }
  if (!partitions) return { ...part, state: ['ring', 'calm', 'not made yet'] }
  return { ...part, state: ['full', 'good', countText(partitions, 'partition')] }
}

const MOST_PARTITIONS = 8

function consumersPart({ state, lag_messages, partitions }: NonNullable<Facts['consumers']>): Part {
  const late = partitions.filter((one) => one.lag_messages > 0).toSorted((a, b) => b.lag_messages - a.lag_messages)
  const told = late.slice(0, MOST_PARTITIONS).map((one) => `partition ${one.partition} by ${figure(one.lag_messages)}`)
  const more = late.length > MOST_PARTITIONS ? `, and ${late.length - MOST_PARTITIONS} more` : ''
  return {
    name: 'Consumers',
    state: groupState(state, lag_messages),
    behind: lag_messages === null ? '–' : countText(lag_messages, 'message'),
    remark: late.length > 0 ? `Behind: ${told.join(', ')}${more}.` : undefined,
  }
}

/** The broker's words in ours. */
function groupState(state: string | null, lag: number | null): MarkedState {
  if (state === null) return ['ring', 'calm', 'not known']
  if (state === 'Stable') return ['full', 'good', 'read']
  if (state === 'Empty') return lag ? ['cross', 'bad', 'nobody reads'] : ['ring', 'calm', 'nobody there']
  return ['half', 'calm', 'changing hands']
}

function averagesState({ lag_seconds, is_late }: Facts['averages']): MarkedState {
  if (is_late) return ['cross', 'bad', 'late']
  return lag_seconds > 0 ? ['half', 'calm', 'catching up'] : ['full', 'good', 'up to date']
}

function secondsText(seconds: number): string {
  return spanText(seconds * 1_000)
}

/** The service stops counting prices there. */
const COUNTED_UP_TO = 100_000

function countText(count: number, noun: 'price' | 'message' | 'partition'): string {
  const isMore = noun === 'price' && count === COUNTED_UP_TO
  return `${figure(count)}${isMore ? '+' : ''} ${noun}${count === 1 ? '' : 's'}`
}

const figures = new Intl.NumberFormat('en')

function figure(count: number): string {
  return figures.format(count)
}
