import { ServiceError, type ErrorCode } from '../src/errors.ts'
import { problemOf, statusOf } from '../src/formats/json/problem.ts'

/** What each code means, and what to do. */
const MEANINGS = {
  malformed_request: 'The request is not HTTP, or its body is not JSON. It was not processed.',
  unauthenticated: 'The key is missing, wrong or revoked.',
  forbidden:
    'The name in `Host` is not allowed (`ALLOWED_HOSTS`), a page of another site tried to write, or the key lacks the scope.',
  not_found: 'The path, job, price or reply does not exist.',
  unknown_provider: 'No provider has this name; `/providers` lists them.',
  not_enough_prices: 'An average over n prices needs n prices; fewer are stored so far.',
  symbol_not_found: 'The provider does not know the symbol.',
  symbol_delisted: 'The provider reports that the symbol is no longer traded.',
  no_price: 'The provider knows the symbol but has no price for it.',
  method_not_allowed: 'The path does not support this method; the header `Allow` lists those that it does.',
  conflict: 'The request conflicts with stored data.',
  payload_too_large: 'The body is larger than 64 KiB.',
  unsupported_media_type: 'The `Content-Type` of the body is not `application/json`.',
  invalid_request: 'A field is missing, unknown or out of range; `errors` points to each one.',
  rate_limited: 'Too many requests to this service. Wait for `retry_after` seconds.',
  internal: 'A bug or an unexpected failure in the service. The log has the details under the same `request_id`.',
  provider_unavailable: 'The provider does not respond, or responds with an error.',
  provider_bad_data:
    'The reply of the provider is not a valid price: wrong type, out of range, or another symbol. It is retryable if the reply leaves out a symbol that had a price before. The reply is stored (`raw_response_id`).',
  provider_rate_limited: 'The rate limit of the provider is exhausted. Requests resume after `retry_after` seconds.',
  storage_unavailable: 'The database does not respond. The embedded one restarts automatically.',
  overloaded: 'Too many streams or requests are open, or the service is stopping.',
  provider_timeout: 'The provider did not respond in time.',
} satisfies Record<ErrorCode, string>

const HEAD = `# Errors

Generated from \`src/errors.ts\` and \`src/formats/json/problem.ts\` by \`npm run docs\`; a test fails if it is out of date.

Every error is \`application/problem+json\` (RFC 9457). Programs should use \`code\`: the list is closed, and the meaning of a
code does not change. \`detail\` is for people, and its wording may change. \`retryable\` tells whether the same request may
succeed later; if the time is known, \`retry_after\` (seconds) and the header \`Retry-After\` give it. If a provider fails and an
earlier price is stored, \`/prices/latest\` adds it as \`last_known\`.

| status | code | retryable | meaning |
|---|---|---|---|
`

const EXAMPLE = `
Example:

\`\`\`json
${JSON.stringify(
  problemOf(
    new ServiceError('provider_rate_limited', 'The rate limit of yfinance is exhausted.', {
      provider: 'yfinance',
      symbol: 'AAPL',
      retryAfterSeconds: 30,
    }),
    '1f0a6f3f6f0e-42',
  ),
  undefined,
  2,
)}
\`\`\`
`

/** The reference page of all errors, in Markdown. */
export function errorsPage(): string {
  const errors = Object.entries(MEANINGS).map(([code, meaning]) => new ServiceError(code as ErrorCode, meaning))
  const rows = errors
    .toSorted((a, b) => statusOf(a.code) - statusOf(b.code))
    .map(({ code, retryable, message }) => {
      return `| ${statusOf(code)} | \`${code}\` | ${retryable ? 'yes' : 'no'} | ${message} |\n`
    })
  return HEAD + rows.join('') + EXAMPLE
}
