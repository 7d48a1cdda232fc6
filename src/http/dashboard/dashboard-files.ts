import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { Type } from 'typebox'
import type { App, Feature } from '../server/app.ts'
import { problems } from '../server/problem.ts'
import { CLOSED } from '../server/query.ts'
import { pagePolicy } from '../server/responses/page-policy.ts'

export type DashboardDeps = {
  /** Folder of the built page; it may not exist. */
  readonly pageFolder: string
}

/** The page that a browser finds at `/`, with its files. */
export const dashboardApi: Feature<DashboardDeps> = { routes: [pageRoute] }

/** The chart adds a style element. */
const PAGE_POLICY = pagePolicy("'self' 'unsafe-inline'")

const PageQuery = Type.Object(
  {
    symbol: Type.Optional(
      Type.String({ description: 'The symbol whose chart is shown; read by the page itself.', examples: ['AAPL'] }),
    ),
    provider: Type.Optional(Type.String({ description: 'Provider of the symbol.', examples: ['simulated'] })),
    range: Type.Optional(
      Type.String({ description: 'Range of the chart: latest, hour, day or all.', examples: ['day'] }),
    ),
    average: Type.Optional(Type.String({ description: 'Window of the moving average, in prices.', examples: ['5'] })),
  },
  CLOSED,
)

const NOT_BUILT = `<!doctype html>
<html lang="en">
<title>Market data service</title>
<h1>The service is running, but its page has not been built</h1>
<p><code>npm run build</code> in the service's folder builds it; then restart the service. <code>npm start</code> does both.</p>
<p><a href="docs">docs</a> documents every call and can send it; <a href="health">health</a> shows the state of the service.</p>
</html>
`

function pageRoute(app: App, { pageFolder }: DashboardDeps): void {
  const isBuilt = existsSync(join(pageFolder, 'index.html'))
  if (isBuilt) serveAssets(app, pageFolder)
  const schema = {
    operationId: 'getPage',
    tags: ['Service'],
    summary: 'The dashboard',
    querystring: PageQuery,
    response: {
      200: { description: 'HTML.', content: { 'text/html; charset=utf-8': { schema: Type.String() } } },
      ...problems(),
    },
  }
  app.get('/', { schema }, async (request, reply) => {
    // It names the files of one build, so browsers must revalidate it.
    reply.header('content-security-policy', PAGE_POLICY).header('cache-control', 'no-cache')
    if (isBuilt) return reply.sendFile('index.html', pageFolder, { cacheControl: false })
    return reply.type('text/html; charset=utf-8').send(NOT_BUILT)
  })
}

/** Their names change with their contents, so browsers may cache them forever. The build compresses them. */
function serveAssets(app: App, pageFolder: string): void {
  app.register(fastifyStatic, {
    root: join(pageFolder, 'assets'),
    prefix: '/assets/',
    wildcard: false,
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
  })
}
