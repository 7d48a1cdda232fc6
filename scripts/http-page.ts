import { callsOf, type Call, type OpenApi } from '../dashboard/docs/document.ts'

const HEAD = `# HTTP API

Generated from the OpenAPI document by \`npm run docs\`; a test fails if it is out of date. The complete document, with every
member of every response, is at \`/openapi.json\`, and \`/docs\` lets you try it.

Prices are JSON numbers written from their exact decimal text, times are RFC 3339 in UTC, and ids are text. Unknown query
parameters and body members are rejected, never ignored. Lists are \`{"data": […], "next_cursor": …, "next_url": …}\`;
\`next_url\` is the path of the next page, and null on the last one. All [errors](errors.md) have the same format.

Once a key has been created, every request except \`/\`, \`/livez\` and \`/readyz\` needs one, in \`Authorization: Bearer\` or
\`X-API-Key\`: see [Authentication](../how-to/keys.md).
`

/** The reference page of all routes, in Markdown. */
export function httpPage(document: OpenApi): string {
  const sections = document.tags.map(
    ({ name, description }) =>
      `\n## ${name}\n\n${description}\n\n| request | query | description |\n|---|---|---|\n` +
      callsOf(document, name).map(row).join(''),
  )
  return HEAD + sections.join('')
}

function row({ method, path, summary, parameters = [] }: Call): string {
  const query = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, required }) => (required ? `**\`${name}\`**` : `\`${name}\``))
  return `| \`${method} ${path}\` | ${query.join(' ')} | ${summary} |\n`
}
