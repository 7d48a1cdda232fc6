import { Type } from 'typebox'
import type { App } from './app.ts'
import { problems } from './problem.ts'
import { NoQuery } from './query.ts'

const PAGE = `<!doctype html>
<html lang="en">
<title>Market data service</title>
<h1>Market data service</h1>
<p>It runs. <a href="/docs">/docs</a> shows every call and tries them; <a href="/health">/health</a> says how it is.</p>
</html>
`

/** What a browser finds first. */
export function homeRoutes(app: App): void {
  app.get(
    '/',
    {
      schema: {
        operationId: 'getHome',
        tags: ['Service'],
        summary: 'A page for people',
        querystring: NoQuery,
        response: {
          200: { description: 'HTML.', content: { 'text/html; charset=utf-8': { schema: Type.String() } } },
          ...problems(),
        },
      },
    },
    async (request, reply) => reply.type('text/html; charset=utf-8').send(PAGE),
  )
}
