import type { Feature } from '../server/app.ts'
import { historyRoute, type HistoryDeps } from './history.ts'
import { latestRoute, type LatestDeps } from './latest.ts'
import { lineageRoutes, type LineageDeps } from './lineage.ts'
import { providersRoute, type ProviderListDeps } from './providers.ts'
import { symbolsRoute, type SymbolDeps } from './symbols.ts'

/** Prices: the newest, the stored ones, where each came from, and what can be requested. */
export const pricesApi: Feature<LatestDeps & HistoryDeps & LineageDeps & SymbolDeps & ProviderListDeps> = {
  routes: [latestRoute, historyRoute, lineageRoutes, providersRoute, symbolsRoute],
}
