import { listOf, pageBody } from '../../formats/json/page.ts'
import { ProviderBody, providerBody } from '../../formats/provider.ts'
import type { App } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { providerOf, type ProviderDeps } from '../server/providers.ts'
import { NoQuery } from '../server/query.ts'

export function providersRoute(app: App, deps: ProviderDeps): void {
  const schema = {
    operationId: 'listProviders',
    tags: ['Providers'],
    summary: 'List the data providers',
    querystring: NoQuery,
    response: { 200: listOf(ProviderBody, 'Providers'), ...problems() },
  }
  app.get('/providers', { schema }, async ({ url }) => {
    const byDefault = providerOf(deps, undefined)
    const all = { data: deps.providers.list(), nextCursor: null }
    return pageBody(all, url, (provider) => providerBody(provider, provider.name === byDefault.name))
  })
}
