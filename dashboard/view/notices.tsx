import type { ProviderHealth } from '../service/answers.ts'
import { connection, wellAt } from '../service/connection.ts'
import { health } from '../service/providers.ts'
import { timeText } from '../service/time.ts'
import { Mark } from './mark.tsx'

/** What is wrong, in words, above everything it concerns; nothing where nothing is. */
export function Notices() {
  const outage = outageText()
  const failing = outage ? [] : (health.value?.providers ?? []).filter(isFailing)
  const kafkaOutage = outage ? undefined : kafkaOutageText(health.value?.pipeline.topic?.away_since)
  return (
    <div class="notices" role="status">
      {outage && <Notice>{outage}</Notice>}
      {kafkaOutage && <Notice>{kafkaOutage}</Notice>}
      {failing.map((provider) => (
        <Notice key={provider.provider}>{failureText(provider)}</Notice>
      ))}
    </div>
  )
}

function Notice({ children }: { children: string }) {
  return (
    <p>
      <Mark shape="cross" tone="bad" />
      {children}
    </p>
  )
}

function outageText(): string | undefined {
  const since = wellAt.value === undefined ? '' : ` What you see is from ${timeText(wellAt.value)}.`
  if (connection.value === 'database_away')
    return `The database does not answer; nothing is stored or read.${since} Trying again every few seconds.`
  if (connection.value === 'reconnecting')
    return `The service does not answer.${since} Trying again every second; nothing that was stored will be missed.`
  return undefined
}

function kafkaOutageText(awaySince: string | null | undefined): string | undefined {
  if (!awaySince) return undefined
  return `Kafka has not answered since ${timeText(Date.parse(awaySince))}. Prices are kept, and announced when it is back.`
}

export function isFailing({ jobs, failures_in_a_row, failing_jobs }: ProviderHealth): boolean {
  return failures_in_a_row > 0 || (jobs > 0 && failing_jobs === jobs)
}

function failureText({ provider, last_error, failures_in_a_row, last_success_at }: ProviderHealth): string {
  const times = failures_in_a_row === 1 ? 'The last request' : `The last ${failures_in_a_row} requests`
  const what = failures_in_a_row === 0 ? `All jobs of ${provider} fail.` : `${times} to ${provider} failed.`
  const why = last_error ? ` ${last_error.detail}` : ''
  const shown = last_success_at ? ` Its prices below are as of ${timeText(Date.parse(last_success_at))}.` : ''
  return `${what}${why}${shown}`
}
