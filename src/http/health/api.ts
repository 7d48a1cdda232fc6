import type { Feature } from '../server/app.ts'
import { healthRoute, type HealthDeps } from './health.ts'
import { metricsRoute, type MetricsDeps } from './metrics.ts'
import { probeRoutes, versionRoute, type ProbeDeps, type VersionDeps } from './probes.ts'

/** How the service is: for orchestrators, Prometheus, and people. */
export const healthApi: Feature<ProbeDeps & MetricsDeps & VersionDeps & HealthDeps> = {
  monitoring: [probeRoutes, metricsRoute],
  routes: [versionRoute, healthRoute],
}
