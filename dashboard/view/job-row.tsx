import { useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Job } from '../service/answers.ts'
import { deleteJob, runNow, setPaused } from '../service/jobs.ts'
import { intervalText, now, spanText } from '../service/time.ts'
import { Marked, type MarkShape, type MarkTone } from './mark.tsx'

type Props = { readonly job: Job; readonly onSaid: (words: string) => void }

export function JobRow({ job, onSaid }: Props) {
  const error = job.last_run?.error
  return (
    <>
      <tr>
        <th scope="row">
          {job.symbol} <span class="source">{job.provider}</span>
        </th>
        <td class="state">
          <Marked state={[...MARKS[job.status], job.status]} />
        </td>
        <td class="every">{intervalText(job.interval_seconds)}</td>
        <td class="last-run">
          <LastRun job={job} />
        </td>
        <td class="next-run">
          <NextRun job={job} />
        </td>
        <td class="actions">
          <Actions job={job} onSaid={onSaid} />
        </td>
      </tr>
      {error && (
        <tr class="error">
          <td colSpan={6}>
            {error.detail} <span class="code">{error.code}</span>
            {job.failures > 1 && ` ${job.failures} times in a row`}
          </td>
        </tr>
      )}
    </>
  )
}

const MARKS: Readonly<Record<Job['status'], readonly [MarkShape, MarkTone]>> = {
  active: ['full', 'good'],
  paused: ['bars', 'calm'],
  failing: ['cross', 'bad'],
}

function LastRun({ job: { last_run } }: { job: Job }) {
  if (last_run === null) return <>never</>
  return (
    <>
      {last_run.outcome} {spanText(now.value - Date.parse(last_run.finished_at))} ago
    </>
  )
}

function NextRun({ job: { next_run_at } }: { job: Job }) {
  if (next_run_at === null) return <>–</>
  const left = Date.parse(next_run_at) - now.value
  return <>{left > 0 ? `in ${spanText(left + 999)}` : 'now'}</>
}

function Actions({ job, onSaid }: Props) {
  const isAsked = useSignal(false)
  const name = `${job.symbol} from ${job.provider}`
  const tryTo = (act: () => Promise<void>, done: string) =>
    act().then(
      () => onSaid(`${name}: ${done}.`),
      (error: Error) => onSaid(`${name}: ${error.message}`),
    )
  if (isAsked.value)
    return (
      <Confirmation
        name={name}
        isAsked={isAsked}
        onYes={() => tryTo(() => deleteJob(job), 'deleted; its prices stay')}
      />
    )
  const isPaused = job.status === 'paused'
  const pause = () => tryTo(() => setPaused(job, !isPaused), isPaused ? 'resumed' : 'paused')
  return (
    <>
      <button type="button" aria-label={`${isPaused ? 'Resume' : 'Pause'} ${name}`} onClick={() => void pause()}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" aria-label={`Run now: ${name}`} onClick={() => void tryTo(() => runNow(job), 'runs now')}>
        Run now
      </button>
      <button type="button" aria-label={`Delete ${name}`} onClick={() => (isAsked.value = true)}>
        Delete
      </button>
    </>
  )
}

type ConfirmationProps = {
  readonly name: string
  readonly isAsked: Signal<boolean>
  readonly onYes: () => Promise<void>
}

/** Asked where the button was, with the focus on the harmless answer. */
function Confirmation({ name, isAsked, onYes }: ConfirmationProps) {
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => keep.current?.focus(), [])
  const goOn = async () => {
    await onYes()
    isAsked.value = false
    // The row is gone, and the focus with it.
    document.getElementById('jobs')?.focus()
  }
  return (
    <span
      role="group"
      aria-label={`Delete ${name}?`}
      onKeyDown={({ key }) => key === 'Escape' && (isAsked.value = false)}
    >
      Delete?
      <button type="button" class="danger" onClick={() => void goOn()}>
        Yes, delete
      </button>
      <button type="button" ref={keep} onClick={() => (isAsked.value = false)}>
        Keep
      </button>
    </span>
  )
}
