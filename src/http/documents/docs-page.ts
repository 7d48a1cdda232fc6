import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { App } from '../server/app.ts'
import { pagePolicy } from '../server/responses/page-policy.ts'

const DOCS_POLICY = pagePolicy("'self'")

const NOT_BUILT = `<!doctype html>
<html lang="en">
<title>API · Market data</title>
<h1>This page has not been built</h1>
<p><code>npm run build</code> in the service's folder builds it; then restart the service. <code>npm start</code> does both.</p>
<p><a href="openapi.json">openapi.json</a> describes every call.</p>
</html>
`

/** A page with every call of the OpenAPI document and a form to send it; built with the dashboard, whose assets it shares. */
export function docsPageRoute(app: App, { pageFolder }: { readonly pageFolder: string }): void {
  const file = join(pageFolder, 'docs.html')
  const html = existsSync(file) ? readFileSync(file, 'utf8') : NOT_BUILT
  app.get('/docs', { schema: { hide: true } }, async (_, reply) =>
    reply
      .header('content-security-policy', DOCS_POLICY)
      .header('cache-control', 'no-cache')
      .type('text/html; charset=utf-8')
      .send(html),
  )
  // Its addresses are relative. This one is too, so that it holds under any prefix.
  app.get('/docs/', { schema: { hide: true } }, async (_, reply) => reply.redirect('../docs', 308))
}
