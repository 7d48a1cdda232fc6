import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { Type } from 'typebox'
import type { App } from './app.ts'
import { problems } from './problem.ts'
import { CLOSED } from './query.ts'

export type PageNeeds = {
  /** Where the built page lies, or would. */
  readonly pageFolder: string
}

/** No other origin, whatever a library or a mistake of ours tries; the chart brings a style element of its own. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const PageQuery = Type.Object(
  {
    symbol: Type.Optional(
      Type.String({ description: 'Whose chart is shown. The page itself reads it.', examples: ['AAPL'] }),
    ),
    provider: Type.Optional(Type.String({ description: 'Goes with the symbol.', examples: ['simulated'] })),
  },
  CLOSED,
)

const NOT_BUILT = `<!doctype html>
<html lang="en">
<title>Market data service</title>
<h1>The service runs, its page is not built</h1>
<p><code>npm run build</code> in the service's folder builds it; then start the service again. <code>npm start</code> does both.</p>
<p><a href="/docs">/docs</a> shows every call and tries them; <a href="/health">/health</a> says how the service is.</p>
</html>
`

/** The page that a browser finds at `/`, with its files. */
export function pageRoutes(app: App, { pageFolder }: PageNeeds): void {
  const isBuilt = existsSync(join(pageFolder, 'index.html'))
  if (isBuilt) serveAssets(app, pageFolder)
  app.get(
    '/',
    {
      schema: {
        operationId: 'getPage',
        tags: ['Service'],
        summary: 'A page for people',
        querystring: PageQuery,
        response: {
          200: { description: 'HTML.', content: { 'text/html; charset=utf-8': { schema: Type.String() } } },
          ...problems(),
        },
      },
    },
    async (request, reply) => {
      // It names the files of one build, so it is asked for anew each time.
      reply.header('content-security-policy', PAGE_POLICY).header('cache-control', 'no-cache')
      if (isBuilt) return reply.sendFile('index.html', pageFolder, { cacheControl: false })
      return reply.type('text/html; charset=utf-8').send(NOT_BUILT)
    },
  )
}

/** Their names change with their contents, so a browser may keep them for good. They are compressed when they are built. */
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
