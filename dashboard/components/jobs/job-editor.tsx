import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { intervalText } from '../../format/time.ts'
import type { Job } from '../../api/schemas.ts'
import { changeSettings, jobMessage, type MarketHours } from '../../state/jobs.ts'
import { IntervalFields, intervalProblem, MarketHoursField, secondsOf, useInterval } from './interval-fields.tsx'
import { nameOf, openJob } from './job-actions.tsx'

/** Changes a job's interval and market hours below its row. */
export function JobEditor({ job }: { job: Job }) {
  const interval = useInterval(job.interval_seconds)
  const hours = useSignal<MarketHours>(job.market_hours)
  const failure = useSignal('')
  const form = useRef<HTMLFormElement>(null)
  useEffect(() => form.current?.querySelector('input')?.focus(), [])

  const save = async (event: Event) => {
    event.preventDefault()
    jobMessage.value = ''
    failure.value = intervalProblem(interval) ?? ''
    if (failure.value) return
    const interval_seconds = secondsOf(interval)
    try {
      await changeSettings(job, { interval_seconds, market_hours: hours.value })
      jobMessage.value = `${nameOf(job)}: fetched every ${intervalText(interval_seconds)}.`
      close(job)
    } catch (error) {
      failure.value = error instanceof Error ? error.message : String(error)
    }
  }
  return (
    <form
      ref={form}
      class="job-form job-editor"
      aria-label={`Edit ${nameOf(job)}`}
      onSubmit={(event) => void save(event)}
      onKeyDown={({ key }) => key === 'Escape' && close(job)}
    >
      <IntervalFields interval={interval} />
      <MarketHoursField hours={hours} />
      <button type="submit">Save</button>
      <button type="button" onClick={() => close(job)}>
        Cancel
      </button>
      <p class="failure" role="alert">
        {failure}
      </p>
    </form>
  )
}

/** The focus returns to the button that opened the editor. */
function close(job: Job): void {
  openJob.value = undefined
  document.querySelector<HTMLElement>(`button[aria-label="${CSS.escape(`Edit ${nameOf(job)}`)}"]`)?.focus()
}
