import type { Clock } from '../../lib/clock.ts'
import { summarizeRequests, type RequestCounts } from '../../core/health/provider-requests.ts'
import { isProviderFailing, type ProviderStats } from '../../core/health/provider-stats.ts'
import { unusedProvider, type ReadProviderStatus } from '../../core/health/status.ts'
import { listOf, pageBody } from '../../formats/json/page.ts'
import { ProviderBody, providerBody } from '../../formats/provider.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { canBePolled, providerOf, type ProviderDeps } from '../server/providers.ts'
import { NoQuery } from '../server/query.ts'

export type ProviderListDeps = ProviderDeps & {
  readonly requestCounts: Pick<RequestCounts, 'read'>
  readonly readProviderStatus: ReadProviderStatus
  readonly providerStats: Pick<ProviderStats, 'of'>
  readonly clock: Clock
}

export function providersRoute(app: App, deps: ProviderListDeps): void {
  const schema = {
    operationId: 'listProviders',
    tags: ['Providers'],
    summary: 'List the data providers',
    description: `With the requests that were sent to each, and why. Imported prices are listed too, once some are stored.`,
    querystring: NoQuery,
    response: { 200: listOf(ProviderBody, 'Providers'), ...problems() },
  }
  app.get('/providers', { schema }, async ({ url }) => {
    const { providers, requestCounts, readProviderStatus, providerStats, clock } = deps
    const byDefault = providerOf(deps, undefined)
    const [counts, stored] = await Promise.all([requestCounts.read(), readProviderStatus()])
    const now = clock.now()
    const byName = new Map(stored.map((status) => [status.provider, status]))
    const imports = stored.filter(({ provider }) => !canBePolled(providers, provider))
    const all = [...providers.list(), ...imports.map(({ provider }) => providers.get(provider))]
    return pageBody({ data: all, nextCursor: null }, url, (provider) => {
      const { name } = provider
      const isFailing = isProviderFailing(providerStats.of(name), byName.get(name) ?? unusedProvider(name), now)
      const requests = summarizeRequests(counts, name, now)
      return providerBody(provider, { isDefault: name === byDefault.name, isFailing, requests })
    })
  })
}
