import type { Provider, ProviderHealth } from '../service/answers.ts'
import { health, providers } from '../service/providers.ts'
import { now, spanText } from '../service/time.ts'
import { Marked, type MarkedState } from './mark.tsx'
import { NotKnown } from './not-known.tsx'
import { isFailing } from './notices.tsx'

/** Where prices come from, and how each source is. */
export function Providers() {
  return (
    <section class="providers" aria-labelledby="providers-title">
      <div class="title">
        <h2 id="providers-title">Providers</h2>
      </div>
      <table>
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col">State</th>
            <th scope="col">Answered</th>
            <th scope="col">Requests</th>
            <th scope="col">Failed</th>
          </tr>
        </thead>
        <tbody>
          {health.value?.providers.map((one) => (
            <ProviderRow
              key={one.provider}
              one={one}
              provider={providers.value.find(({ provider }) => provider === one.provider)}
            />
          ))}
        </tbody>
      </table>
      {health.value === undefined && <NotKnown />}
    </section>
  )
}

function ProviderRow({ one, provider }: { one: ProviderHealth; provider: Provider | undefined }) {
  const error = isFailing(one) ? one.last_error : null
  return (
    <>
      <tr data-trouble={error !== null}>
        <th scope="row" title={provider?.description ?? undefined}>
          {one.provider} {provider?.is_default && <span class="source">default</span>}
        </th>
        <td class="state">
          <Marked state={stateOf(one)} />
        </td>
        <td>{one.last_success_at ? `${spanText(now.value - Date.parse(one.last_success_at))} ago` : '–'}</td>
        <td>{one.requests}</td>
        <td>{one.failures}</td>
      </tr>
      {error && (
        <tr class="error">
          <td colSpan={5}>
            {error.detail} <span class="code">{error.code}</span>
          </td>
        </tr>
      )}
    </>
  )
}

function stateOf(one: ProviderHealth): MarkedState {
  if (isFailing(one)) return ['cross', 'bad', 'failing']
  return one.requests > 0 ? ['full', 'good', 'answers'] : ['ring', 'calm', 'not asked']
}
