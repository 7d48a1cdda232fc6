import { signal, useSignal, type Signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { Job } from '../../api/schemas.ts'
import { deleteJob, jobMessage, runNow, setPaused } from '../../state/jobs.ts'
import { mayWrite } from '../../state/session.ts'

type OpenPart = { readonly id: string; readonly part: 'runs' | 'settings' }

/** What is open below which job; at most one part of one job. */
export const openJob = signal<OpenPart | undefined>(undefined)

/** The buttons of a job's row. */
export function JobActions({ job }: { job: Job }) {
  const isConfirming = useSignal(false)
  if (isConfirming.value) return <DeleteConfirmation job={job} isConfirming={isConfirming} />
  return (
    <>
      {mayWrite.value && <RunButtons job={job} />}
      <OpenButton job={job} part="runs" />
      {mayWrite.value && <OpenButton job={job} part="settings" />}
      {mayWrite.value && (
        <button type="button" aria-label={`Delete ${nameOf(job)}`} onClick={() => (isConfirming.value = true)}>
          Delete
        </button>
      )}
    </>
  )
}

function RunButtons({ job }: { job: Job }) {
  const name = nameOf(job)
  const isPaused = job.status === 'paused'
  const pause = () => report(name, setPaused(job, !isPaused), isPaused ? 'resumed' : 'paused')
  return (
    <>
      <button type="button" aria-label={`${isPaused ? 'Resume' : 'Pause'} ${name}`} onClick={() => void pause()}>
        {isPaused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" aria-label={`Run now: ${name}`} onClick={() => void report(name, runNow(job), 'runs now')}>
        Run now
      </button>
    </>
  )
}

type OpenProps = { readonly job: Job; readonly part: OpenPart['part'] }

function OpenButton({ job, part }: OpenProps) {
  const id = job.job_id
  const isOpen = openJob.value?.id === id && openJob.value.part === part
  return (
    <button
      type="button"
      aria-expanded={isOpen}
      aria-label={part === 'runs' ? `Runs of ${nameOf(job)}` : `Edit ${nameOf(job)}`}
      onClick={() => (openJob.value = isOpen ? undefined : { id, part })}
    >
      {part === 'runs' ? 'Runs' : 'Edit'}
    </button>
  )
}

type ConfirmationProps = { readonly job: Job; readonly isConfirming: Signal<boolean> }

/** Takes the place of the buttons, with the focus on the harmless answer. */
function DeleteConfirmation({ job, isConfirming }: ConfirmationProps) {
  const keep = useRef<HTMLButtonElement>(null)
  useEffect(() => keep.current?.focus(), [])
  const confirm = async () => {
    await report(nameOf(job), deleteJob(job), 'deleted; stored prices remain')
    isConfirming.value = false
    // The focused button was removed with its row.
    document.getElementById('jobs')?.focus()
  }
  return (
    <span
      role="group"
      aria-label={`Delete ${nameOf(job)}?`}
      onKeyDown={({ key }) => key === 'Escape' && (isConfirming.value = false)}
    >
      Delete?
      <button type="button" class="danger" onClick={() => void confirm()}>
        Yes, delete
      </button>
      <button type="button" ref={keep} onClick={() => (isConfirming.value = false)}>
        Keep
      </button>
    </span>
  )
}

/** A job as its messages and labels name it. */
export function nameOf({ symbol, provider }: Job): string {
  return `${symbol} from ${provider}`
}

async function report(name: string, action: Promise<void>, done: string): Promise<void> {
  await action.then(
    () => (jobMessage.value = `${name}: ${done}.`),
    (error: Error) => (jobMessage.value = `${name}: ${error.message}`),
  )
}
