import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Job, Run } from '../../api/schemas.ts'
import { timeText } from '../../format/time.ts'
import { readRuns } from '../../state/jobs.ts'

/** The last runs of a job, read again after each run. */
export function JobRuns({ job }: { job: Job }) {
  const runs = useSignal<readonly Run[] | undefined>(undefined)
  const failure = useSignal('')
  useEffect(() => {
    const stop = new AbortController()
    const read = async () => {
      runs.value = await readRuns(job, stop.signal)
      failure.value = ''
    }
    read().catch((error: Error) => stop.signal.aborted || (failure.value = error.message))
    return () => stop.abort()
  }, [job.last_run?.finished_at])
  if (failure.value) return <p class="failure">{failure}</p>
  if (runs.value === undefined) return <p>Loading…</p>
  if (runs.value.length === 0) return <p>No runs yet.</p>
  return (
    <ol class="runs" aria-label={`Runs of ${job.symbol}, newest first`}>
      {runs.value.map((run) => (
        <li key={run.started_at}>{runText(run)}</li>
      ))}
    </ol>
  )
}

function runText({ started_at, finished_at, outcome, error }: Run): string {
  const start = Date.parse(started_at)
  const took = `${Math.max(0, Date.parse(finished_at) - start)} ms`
  return `${timeText(start)} · ${outcome} · ${took}${error ? ` · ${error.detail}` : ''}`
}
