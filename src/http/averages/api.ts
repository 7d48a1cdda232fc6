import type { Feature } from '../server/app.ts'
import type { AveragesDeps } from './averages-query.ts'
import { latestRoute } from './latest.ts'
import { listRoute } from './list.ts'

export const averagesApi: Feature<AveragesDeps> = { routes: [listRoute, latestRoute] }
