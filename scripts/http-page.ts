import { routesOf, type OpenApi, type Route } from './openapi.ts'

const HEAD = `# HTTP interface

Made from the OpenAPI document by \`npm run docs\`; a test fails when it is out of date. The whole of it, with every member of
every answer, is at \`/openapi.json\` and, to be tried out, at \`/docs\`.

Prices are JSON numbers written from their exact decimal text, times are RFC 3339 in UTC, ids are text. What is not listed in
a query or body is refused, never ignored. Lists answer \`{"data": […], "next_cursor": …, "next_url": …}\`; \`next_url\` is the
path of the next page, and null on the last one. [Errors](errors.md) look the same everywhere.

Once a key was ever made, every call but \`/\`, \`/livez\` and \`/readyz\` needs one, in \`Authorization: Bearer\` or \`X-API-Key\`:
[Let the right people in](../how-to/keys.md).
`

/** The reference page of all routes in Markdown. */
export function httpPage(document: OpenApi): string {
  const sections = document.tags.map(
    ({ name, description }) =>
      `\n## ${name}\n\n${description}\n\n| call | query | what it is |\n|---|---|---|\n` +
      routesOf(document, name).map(row).join(''),
  )
  return HEAD + sections.join('')
}

function row({ method, path, summary, parameters = [] }: Route): string {
  const query = parameters
    .filter((parameter) => parameter.in === 'query')
    .map(({ name, required }) => (required ? `**\`${name}\`**` : `\`${name}\``))
  return `| \`${method} ${path}\` | ${query.join(' ')} | ${summary} |\n`
}
