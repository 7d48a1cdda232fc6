import type { ProviderHealth } from '../api/schemas.ts'
import { timeText } from '../format/time.ts'
import { now } from '../state/clock.ts'
import { connection, lastOkAt } from '../state/connection.ts'
import { health, isFailing } from '../state/providers.ts'
import { StatusIcon } from './status-icon.tsx'

/** What is wrong, above the parts that it affects; empty if all is well. */
export function Notices() {
  const outage = outageText()
  const failing = outage ? [] : (health.value?.providers ?? []).filter(matters)
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
      <StatusIcon shape="cross" tone="bad" />
      {children}
    </p>
  )
}

function outageText(): string | undefined {
  const since = lastOkAt.value === undefined ? '' : ` Data shown is from ${timeText(lastOkAt.value)}.`
  if (connection.value === 'database_down')
    return `The database is not responding; prices are neither stored nor read.${since} Retrying every few seconds.`
  if (connection.value === 'reconnecting')
    return `The service is not responding.${since} Retrying every few seconds; no stored price will be missed.`
  return undefined
}

function kafkaOutageText(awaySince: string | null | undefined): string | undefined {
  if (!awaySince) return undefined
  const since = timeText(Date.parse(awaySince))
  return `Kafka has been unavailable since ${since}. Prices are still stored, and are published when it is back.`
}

const RECENT_MS = 10 * 60_000

/** By the service's own judgement, as far as it gives one: a failure matters while jobs depend on the provider, or shortly after. */
function matters(provider: ProviderHealth & { readonly status?: 'ok' | 'failing' }): boolean {
  if (provider.status !== undefined) return provider.status === 'failing'
  const failedAt = Date.parse(provider.last_error?.at ?? '')
  return isFailing(provider) && (provider.jobs > 0 || now.value - failedAt < RECENT_MS)
}

function failureText({ provider, last_error, failures_in_a_row, last_success_at }: ProviderHealth): string {
  const requests = failures_in_a_row === 1 ? 'The last request' : `The last ${failures_in_a_row} requests`
  const what = failures_in_a_row === 0 ? `All jobs for ${provider} are failing.` : `${requests} to ${provider} failed.`
  const why = last_error ? ` ${last_error.detail}` : ''
  const asOf = last_success_at ? ` Its prices below are as of ${timeText(Date.parse(last_success_at))}.` : ''
  return `${what}${why}${asOf}`
}
